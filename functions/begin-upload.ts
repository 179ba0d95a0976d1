import { endpoint } from '../lib/http/endpoint.ts';
import { storageContainer } from '../lib/runtime/storage.ts';
import { beginUpload } from '../lib/usecases/begin-upload.ts';

export const handler = endpoint('begin-upload', beginUpload, storageContainer);
