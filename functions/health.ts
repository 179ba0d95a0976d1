// Lambda function health: shows that the service can be reached.
import { SERVICE_ROUTES } from '../lib/api/service-routes.ts';
import { endpoint } from '../lib/http/endpoint.ts';
import { runtime } from '../lib/runtime/stateless-container.ts';
import { health } from '../lib/usecases/health.ts';

export const handler = endpoint(SERVICE_ROUTES, 'health', health, runtime);
