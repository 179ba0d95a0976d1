import { endpoint } from '../lib/http/endpoint.ts';
import { container } from '../lib/runtime/container.ts';
import { revokeGrant } from '../lib/usecases/revoke-grant.ts';

export const handler = endpoint('revoke-grant', revokeGrant, container);
