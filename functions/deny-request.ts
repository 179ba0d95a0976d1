// Lambda function deny-request: lets a patient deny a pending request.
import { REQUEST_ROUTES } from '../lib/api/request-routes.ts';
import { endpoint } from '../lib/http/endpoint.ts';
import { container } from '../lib/runtime/container.ts';
import { denyRequest } from '../lib/usecases/deny-request.ts';

export const handler = endpoint(REQUEST_ROUTES, 'deny-request', denyRequest, container);
