// Makes what is behind the ports over DynamoDB, and links to blobs. The client is made in lib/runtime/container.ts.
import type { DynamoDBClient } from '@aws-sdk/client-dynamodb';
import { systemRng } from '../bytes/binary.ts';
import type { Ports } from '../ports/index.ts';
import { makeAuditTrail } from './dynamo/audit.ts';
import type { StoreContext } from './dynamo/database.ts';
import { makeFolders } from './dynamo/folders.ts';
import { makeGrants } from './dynamo/grants.ts';
import { makeIdentities } from './dynamo/identities.ts';
import { makeOpenings } from './dynamo/openings.ts';
import { makeLinks, type Links } from './s3/blob-urls.ts';
import { makePresign } from './s3/presign.ts';
import { makeRecords } from './dynamo/records.ts';
import { makeRequests } from './dynamo/requests.ts';
import type { Waiting } from './retry.ts';
import { makeWriter } from './dynamo/transact.ts';
import { makeUploads } from './dynamo/uploads.ts';

export interface StoresInit extends Partial<Waiting> {
  /** Its region and credentials sign the URLs as well. */
  readonly dynamo: DynamoDBClient;
  readonly env: {
    readonly MAIN_TABLE: string;
    readonly NONCE_TABLE: string;
    readonly BUCKET: string;
    readonly AWS_ENDPOINT_URL?: string | undefined;
  };
}

/** All ports but what only some functions need: the service's signatures, which are KMS's, and whatever takes an S3 client. */
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
    openings: makeOpenings(context, write),
    audit: makeAuditTrail(context, write),
    blobs: makeLinks(makePresign(dynamo, { bucket: env.BUCKET, endpoint: env.AWS_ENDPOINT_URL })),
  };
};
