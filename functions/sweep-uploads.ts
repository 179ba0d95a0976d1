import { job } from '../lib/http/job.ts';
import { storageContainer } from '../lib/runtime/storage-container.ts';
import { sweepUploads } from '../lib/usecases/sweep-uploads.ts';

export const handler = job('sweep-uploads', sweepUploads, storageContainer);
