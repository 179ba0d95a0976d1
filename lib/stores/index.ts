// Stores: implements the ports with DynamoDB and with presigned S3 URLs. lib/runtime/container.ts makes the DynamoDB client.
import type { DynamoDBClient } from '@aws-sdk/client-dynamodb';
import { systemRng } from '../bytes/binary.ts';
import type { Ports } from '../ports/index.ts';
import { makeAuditTrail } from './dynamo/audit.ts';
import type { StoreContext } from './dynamo/database.ts';
import { makeFolders } from './dynamo/folders.ts';
import { makeGrants } from './dynamo/grants.ts';
import { makeIdentities } from './dynamo/identities.ts';
import { makeKeyFragments } from './dynamo/key-fragments.ts';
import { makeOpenings } from './dynamo/openings.ts';
import { makeLinks, type Links } from './s3/blob-urls.ts';
import { makePresign } from './s3/presign.ts';
import { makeRecords } from './dynamo/records.ts';
import { makeRequests } from './dynamo/requests.ts';
import { makeStatementChain } from './dynamo/statement-chain.ts';
import type { Waiting } from './retry.ts';
import { makeWriter } from './dynamo/transactional-writer.ts';
import { makeUploads } from './dynamo/uploads.ts';

export interface StoresInit extends Partial<Waiting> {
  /** The DynamoDB client. Its region and credentials are also used to sign S3 URLs. */
  readonly dynamo: DynamoDBClient;
  readonly env: {
    readonly MAIN_TABLE: string;
    readonly NONCE_TABLE: string;
    readonly BUCKET: string;
    readonly AWS_ENDPOINT_URL?: string | undefined;
  };
}

/** All ports except those that only some functions need: the service's signatures, which need KMS, and the operations on blobs that need an S3 client. */
export type Stores = Omit<Ports, 'serviceSigner' | 'blobs'> & { readonly blobs: Links };

const pause = (ms: number): Promise<void> => new Promise((resolve) => setTimeout(resolve, ms));

export const makeStores = ({ dynamo, env, rng, sleep, clock }: StoresInit): Stores => {
  const context: StoreContext = {
    dynamo,
    tables: { main: env.MAIN_TABLE, nonces: env.NONCE_TABLE },
    waiting: { rng: rng ?? systemRng, sleep: sleep ?? pause, clock: clock ?? (() => Date.now()) },
  };
  const write = makeWriter(context);
  return {
    identities: makeIdentities(context, write),
    folders: makeFolders(context, write),
    records: makeRecords(context, write),
    uploads: makeUploads(context, write),
    requests: makeRequests(context, write),
    grants: makeGrants(context, write),
    keyFragments: makeKeyFragments(context, write),
    openings: makeOpenings(context, write),
    audit: makeAuditTrail(context, write),
    chain: makeStatementChain(context),
    blobs: makeLinks(makePresign(dynamo, { bucket: env.BUCKET, endpoint: env.AWS_ENDPOINT_URL })),
  };
};
