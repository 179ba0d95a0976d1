// Lambda function grant-access: lets a patient give a grant.
import { GRANT_ROUTES } from '../lib/api/grant-routes.ts';
import { endpoint } from '../lib/http/endpoint.ts';
import { container } from '../lib/runtime/container.ts';
import { grantAccess } from '../lib/usecases/grant-access.ts';

export const handler = endpoint(GRANT_ROUTES, 'grant-access', grantAccess, container);
