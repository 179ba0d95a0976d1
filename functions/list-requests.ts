// Lambda function list-requests: lists the requests that the caller got or made.
import { REQUEST_ROUTES } from '../lib/api/request-routes.ts';
import { endpoint } from '../lib/http/endpoint.ts';
import { container } from '../lib/runtime/container.ts';
import { listRequests } from '../lib/usecases/list-requests.ts';

export const handler = endpoint(REQUEST_ROUTES, 'list-requests', listRequests, container);
