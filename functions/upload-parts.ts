import { endpoint } from '../lib/http/endpoint.ts';
import { container } from '../lib/runtime/container.ts';
import { uploadParts } from '../lib/usecases/upload-parts.ts';

export const handler = endpoint('upload-parts', uploadParts, container);
