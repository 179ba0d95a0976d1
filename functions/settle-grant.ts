// Lambda function settle-grant: lets a patient mark an ended grant as settled. The call is refused while a cell that the grant could read is current.
import { GRANT_ROUTES } from '../lib/api/grant-routes.ts';
import { endpoint } from '../lib/http/endpoint.ts';
import { container } from '../lib/runtime/container.ts';
import { settleGrant } from '../lib/usecases/settle-grant.ts';

export const handler = endpoint(GRANT_ROUTES, 'settle-grant', settleGrant, container);
