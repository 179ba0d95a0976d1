// Lambda function withdraw-request: lets a recipient withdraw a pending request.
import { REQUEST_ROUTES } from '../lib/api/request-routes.ts';
import { endpoint } from '../lib/http/endpoint.ts';
import { container } from '../lib/runtime/container.ts';
import { withdrawRequest } from '../lib/usecases/withdraw-request.ts';

export const handler = endpoint(REQUEST_ROUTES, 'withdraw-request', withdrawRequest, container);
