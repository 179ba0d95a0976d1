// Lambda function list-cells: lists the cells of all epochs of a folder.
import { FOLDER_ROUTES } from '../lib/api/folder-routes.ts';
import { endpoint } from '../lib/http/endpoint.ts';
import { container } from '../lib/runtime/container.ts';
import { listCells } from '../lib/usecases/list-cells.ts';

export const handler = endpoint(FOLDER_ROUTES, 'list-cells', listCells, container);
