import { endpoint } from '../lib/http/endpoint.ts';
import { container } from '../lib/runtime/container.ts';
import { register } from '../lib/usecases/register.ts';

export const handler = endpoint('register', register, container);
