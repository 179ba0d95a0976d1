// Lambda function settle-grant: lets a patient take an ended grant off the list of grants whose cells must still be closed. The call is refused while such a
// cell is current.
import { GRANT_ROUTES } from '../lib/api/grant-routes.ts';
import { endpoint } from '../lib/http/endpoint.ts';
import { container } from '../lib/runtime/container.ts';
import { settleGrant } from '../lib/usecases/settle-grant.ts';

export const handler = endpoint(GRANT_ROUTES, 'settle-grant', settleGrant, container);
