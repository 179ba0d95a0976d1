import { endpoint } from '../lib/http/endpoint.ts';
import { container } from '../lib/runtime/container.ts';
import { beginUpload } from '../lib/usecases/begin-upload.ts';

export const handler = endpoint('begin-upload', beginUpload, container);
