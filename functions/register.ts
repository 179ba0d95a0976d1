// Lambda function register: lets an identity store its statement.
import { IDENTITY_ROUTES } from '../lib/api/identity-routes.ts';
import { endpoint } from '../lib/http/endpoint.ts';
import { container } from '../lib/runtime/container.ts';
import { register } from '../lib/usecases/register.ts';

export const handler = endpoint(IDENTITY_ROUTES, 'register', register, container);
