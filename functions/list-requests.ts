import { endpoint } from '../lib/http/endpoint.ts';
import { container } from '../lib/runtime/container.ts';
import { listRequests } from '../lib/usecases/list-requests.ts';

export const handler = endpoint('list-requests', listRequests, container);
