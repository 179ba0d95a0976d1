// Lambda function pause-grant: lets a patient pause a grant.
import { GRANT_ROUTES } from '../lib/api/grant-routes.ts';
import { endpoint } from '../lib/http/endpoint.ts';
import { container } from '../lib/runtime/container.ts';
import { pauseGrant } from '../lib/usecases/pause-grant.ts';

export const handler = endpoint(GRANT_ROUTES, 'pause-grant', pauseGrant, container);
