// Lambda function get-service-key: returns the public service key.
import { SERVICE_ROUTES } from '../lib/api/service-routes.ts';
import { endpoint } from '../lib/http/endpoint.ts';
import { signingContainer } from '../lib/runtime/signing-container.ts';
import { getServiceKey } from '../lib/usecases/get-service-key.ts';

export const handler = endpoint(SERVICE_ROUTES, 'get-service-key', getServiceKey, signingContainer);
