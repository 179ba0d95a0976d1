// Lambda function request-access: lets a recipient ask a patient for access.
import { REQUEST_ROUTES } from '../lib/api/request-routes.ts';
import { endpoint } from '../lib/http/endpoint.ts';
import { signingContainer } from '../lib/runtime/signing-container.ts';
import { requestAccess } from '../lib/usecases/request-access.ts';

export const handler = endpoint(REQUEST_ROUTES, 'request-access', requestAccess, signingContainer);
