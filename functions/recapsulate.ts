import { endpoint } from '../lib/http/endpoint.ts';
import { container } from '../lib/runtime/container.ts';
import { recapsulate } from '../lib/usecases/recapsulate.ts';

export const handler = endpoint('recapsulate', recapsulate, container);
