// Lambda function sweep-uploads: removes uploads that were not committed in time, on a schedule.
import { job } from '../lib/http/job.ts';
import { storageContainer } from '../lib/runtime/storage-container.ts';
import { sweepUploads } from '../lib/usecases/sweep-uploads.ts';

export const handler = job('sweep-uploads', sweepUploads, storageContainer);
