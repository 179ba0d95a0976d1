import { endpoint } from '../lib/http/endpoint.ts';
import { container } from '../lib/runtime/container.ts';
import { createFolder } from '../lib/usecases/create-folder.ts';

export const handler = endpoint('create-folder', createFolder, container);
