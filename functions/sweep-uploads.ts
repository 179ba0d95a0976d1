import { job } from '../lib/http/job.ts';
import { container } from '../lib/runtime/container.ts';
import { sweepUploads } from '../lib/usecases/sweep-uploads.ts';

export const handler = job('sweep-uploads', sweepUploads, container);
