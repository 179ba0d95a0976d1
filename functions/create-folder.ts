// Lambda function create-folder: lets a patient make a folder or start its next epoch.
import { FOLDER_ROUTES } from '../lib/api/folder-routes.ts';
import { endpoint } from '../lib/http/endpoint.ts';
import { container } from '../lib/runtime/container.ts';
import { createFolder } from '../lib/usecases/create-folder.ts';

export const handler = endpoint(FOLDER_ROUTES, 'create-folder', createFolder, container);
