import { endpoint } from '../lib/http/endpoint.ts';
import { container } from '../lib/runtime/container.ts';
import { approveRequest } from '../lib/usecases/approve-request.ts';

export const handler = endpoint('approve-request', approveRequest, container);
