// Lambda function upload-parts: returns presigned URLs for parts of a blob.
import { RECORD_ROUTES } from '../lib/api/record-routes.ts';
import { endpoint } from '../lib/http/endpoint.ts';
import { container } from '../lib/runtime/container.ts';
import { uploadParts } from '../lib/usecases/upload-parts.ts';

export const handler = endpoint(RECORD_ROUTES, 'upload-parts', uploadParts, container);
