// Lambda function return-grant: lets a recipient end its grant.
import { GRANT_ROUTES } from '../lib/api/grant-routes.ts';
import { endpoint } from '../lib/http/endpoint.ts';
import { container } from '../lib/runtime/container.ts';
import { returnGrant } from '../lib/usecases/return-grant.ts';

export const handler = endpoint(GRANT_ROUTES, 'return-grant', returnGrant, container);
