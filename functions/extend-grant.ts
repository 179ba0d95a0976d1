import { endpoint } from '../lib/http/endpoint.ts';
import { container } from '../lib/runtime/container.ts';
import { extendGrant } from '../lib/usecases/extend-grant.ts';

export const handler = endpoint('extend-grant', extendGrant, container);
