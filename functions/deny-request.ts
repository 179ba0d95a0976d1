import { endpoint } from '../lib/http/endpoint.ts';
import { container } from '../lib/runtime/container.ts';
import { denyRequest } from '../lib/usecases/deny-request.ts';

export const handler = endpoint('deny-request', denyRequest, container);
