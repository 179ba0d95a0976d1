import { endpoint } from '../lib/http/endpoint.ts';
import { container } from '../lib/runtime/container.ts';
import { settleGrant } from '../lib/usecases/settle-grant.ts';

export const handler = endpoint('settle-grant', settleGrant, container);
