// Lambda function list-grants: lists the grants that the caller gave or received.
import { GRANT_ROUTES } from '../lib/api/grant-routes.ts';
import { endpoint } from '../lib/http/endpoint.ts';
import { container } from '../lib/runtime/container.ts';
import { listGrants } from '../lib/usecases/list-grants.ts';

export const handler = endpoint(GRANT_ROUTES, 'list-grants', listGrants, container);
