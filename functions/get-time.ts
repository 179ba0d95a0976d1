// Lambda function get-time: returns the signed time of the service.
import { SERVICE_ROUTES } from '../lib/api/service-routes.ts';
import { endpoint } from '../lib/http/endpoint.ts';
import { signingContainer } from '../lib/runtime/signing-container.ts';
import { getTime } from '../lib/usecases/get-time.ts';

export const handler = endpoint(SERVICE_ROUTES, 'get-time', getTime, signingContainer);
