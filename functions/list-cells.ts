import { endpoint } from '../lib/http/endpoint.ts';
import { container } from '../lib/runtime/container.ts';
import { listCells } from '../lib/usecases/list-cells.ts';

export const handler = endpoint('list-cells', listCells, container);
