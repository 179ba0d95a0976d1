// Where filing is concluded: it completes blobs in S3 and signs receipts with KMS.
import { processEnv } from './env.ts';
import { withNotary } from './signing-container.ts';
import { makeStorageContainer } from './storage-container.ts';

export const filingContainer = withNotary(makeStorageContainer(processEnv), processEnv);
