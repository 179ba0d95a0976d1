// Makes everything behind the ports, over DynamoDB and S3. The clients are made in lib/runtime/container.ts.
import type { DynamoDBClient } from '@aws-sdk/client-dynamodb';
import type { S3Client } from '@aws-sdk/client-s3';
import { systemRng } from '../bytes/binary.ts';
import type { Ports } from '../usecases/ports.ts';
import { makeAuditTrail } from './audit.ts';
import { makeBlobs } from './blobs.ts';
import type { StoreContext } from './database.ts';
import { makeFolders } from './folders.ts';
import { makeGrants } from './grants.ts';
import { makeIdentities } from './identities.ts';
import { makeOpenings } from './openings.ts';
import { makePresign } from './presign.ts';
import { makeRecords } from './records.ts';
import { makeRequests } from './requests.ts';
import type { Waiting } from './retry.ts';
import { makeWriter } from './transact.ts';
import { makeUploads } from './uploads.ts';

export interface StoresInit extends Partial<Waiting> {
  readonly dynamo: DynamoDBClient;
  /** Its region and credentials sign the URLs as well. */
  readonly s3: S3Client;
  readonly env: {
    readonly MAIN_TABLE: string;
    readonly NONCE_TABLE: string;
    readonly BUCKET: string;
    readonly AWS_ENDPOINT_URL?: string | undefined;
  };
}

/** All ports but the service's signatures, which are KMS's and made only where something is signed. */
export type Stores = Omit<Ports, 'notary'>;

const pause = (ms: number): Promise<void> => new Promise((resolve) => setTimeout(resolve, ms));

export const makeStores = ({ dynamo, s3, env, rng, sleep, clock }: StoresInit): Stores => {
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
    blobs: makeBlobs(s3, env.BUCKET, makePresign(s3, { bucket: env.BUCKET, endpoint: env.AWS_ENDPOINT_URL })),
  };
};
