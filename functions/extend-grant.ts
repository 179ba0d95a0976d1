// Lambda function extend-grant: lets a patient add cells (of further folders, or of new epochs) to a grant, with a key fragment for each cell.
import { GRANT_ROUTES } from '../lib/api/grant-routes.ts';
import { endpoint } from '../lib/http/endpoint.ts';
import { container } from '../lib/runtime/container.ts';
import { extendGrant } from '../lib/usecases/extend-grant.ts';

export const handler = endpoint(GRANT_ROUTES, 'extend-grant', extendGrant, container);
