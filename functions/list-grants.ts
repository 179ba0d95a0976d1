import { endpoint } from '../lib/http/endpoint.ts';
import { container } from '../lib/runtime/container.ts';
import { listGrants } from '../lib/usecases/list-grants.ts';

export const handler = endpoint('list-grants', listGrants, container);
