// Lambda function get-grant: returns a grant to its patient or its recipient.
import { GRANT_ROUTES } from '../lib/api/grant-routes.ts';
import { endpoint } from '../lib/http/endpoint.ts';
import { container } from '../lib/runtime/container.ts';
import { getGrant } from '../lib/usecases/get-grant.ts';

export const handler = endpoint(GRANT_ROUTES, 'get-grant', getGrant, container);
