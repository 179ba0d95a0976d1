// Lambda function approve-request: lets a patient approve a pending request with grants.
import { REQUEST_ROUTES } from '../lib/api/request-routes.ts';
import { endpoint } from '../lib/http/endpoint.ts';
import { container } from '../lib/runtime/container.ts';
import { approveRequest } from '../lib/usecases/approve-request.ts';

export const handler = endpoint(REQUEST_ROUTES, 'approve-request', approveRequest, container);
