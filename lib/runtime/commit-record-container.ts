// Commit container: a container with what the commit of a record needs: S3 to complete blobs, and KMS to sign receipts.
import { processEnv } from './env.ts';
import { withServiceSigner } from './signing-container.ts';
import { makeStorageContainer } from './storage-container.ts';

export const commitContainer = withServiceSigner(makeStorageContainer(processEnv), processEnv);
