// Lambda function list-cell-grants: lists the grants that read a cell.
import { FOLDER_ROUTES } from '../lib/api/folder-routes.ts';
import { endpoint } from '../lib/http/endpoint.ts';
import { container } from '../lib/runtime/container.ts';
import { listCellGrants } from '../lib/usecases/list-cell-grants.ts';

export const handler = endpoint(FOLDER_ROUTES, 'list-cell-grants', listCellGrants, container);
