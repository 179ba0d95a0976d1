// Lambda function get-identity: returns the statement of an identity.
import { IDENTITY_ROUTES } from '../lib/api/identity-routes.ts';
import { endpoint } from '../lib/http/endpoint.ts';
import { container } from '../lib/runtime/container.ts';
import { getIdentity } from '../lib/usecases/get-identity.ts';

export const handler = endpoint(IDENTITY_ROUTES, 'get-identity', getIdentity, container);
