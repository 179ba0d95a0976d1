// Lambda function list-folders: lists the caller's folders.
import { FOLDER_ROUTES } from '../lib/api/folder-routes.ts';
import { endpoint } from '../lib/http/endpoint.ts';
import { container } from '../lib/runtime/container.ts';
import { listFolders } from '../lib/usecases/list-folders.ts';

export const handler = endpoint(FOLDER_ROUTES, 'list-folders', listFolders, container);
