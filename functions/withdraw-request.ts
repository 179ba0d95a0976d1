import { endpoint } from '../lib/http/endpoint.ts';
import { container } from '../lib/runtime/container.ts';
import { withdrawRequest } from '../lib/usecases/withdraw-request.ts';

export const handler = endpoint('withdraw-request', withdrawRequest, container);
