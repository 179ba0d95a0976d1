// Where filing is concluded: it completes blobs in S3 and signs receipts with KMS.
import { processEnv } from './env.ts';
import { withServiceSigner } from './signing-container.ts';
import { makeStorageContainer } from './storage-container.ts';

export const filingContainer = withServiceSigner(makeStorageContainer(processEnv), processEnv);
