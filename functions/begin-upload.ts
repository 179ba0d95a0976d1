// Lambda function begin-upload: lets an author begin the upload of a record version.
import { RECORD_ROUTES } from '../lib/api/record-routes.ts';
import { endpoint } from '../lib/http/endpoint.ts';
import { storageContainer } from '../lib/runtime/storage-container.ts';
import { beginUpload } from '../lib/usecases/begin-upload.ts';

export const handler = endpoint(RECORD_ROUTES, 'begin-upload', beginUpload, storageContainer);
