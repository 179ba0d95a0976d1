import { endpoint } from '../lib/http/endpoint.ts';
import { container } from '../lib/runtime/container.ts';
import { listCellGrants } from '../lib/usecases/list-cell-grants.ts';

export const handler = endpoint('list-cell-grants', listCellGrants, container);
