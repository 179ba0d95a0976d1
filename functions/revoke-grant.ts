// Lambda function revoke-grant: lets a patient end a grant.
import { GRANT_ROUTES } from '../lib/api/grant-routes.ts';
import { endpoint } from '../lib/http/endpoint.ts';
import { container } from '../lib/runtime/container.ts';
import { revokeGrant } from '../lib/usecases/revoke-grant.ts';

export const handler = endpoint(GRANT_ROUTES, 'revoke-grant', revokeGrant, container);
