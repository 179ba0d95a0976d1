// Lambda function request-access: lets a recipient ask a patient for access.
import { REQUEST_ROUTES } from '../lib/api/request-routes.ts';
import { endpoint } from '../lib/http/endpoint.ts';
import { container } from '../lib/runtime/container.ts';
import { requestAccess } from '../lib/usecases/request-access.ts';

export const handler = endpoint(REQUEST_ROUTES, 'request-access', requestAccess, container);
