import { endpoint } from '../lib/http/endpoint.ts';
import { container } from '../lib/runtime/container.ts';
import { grantAccess } from '../lib/usecases/grant-access.ts';

export const handler = endpoint('grant-access', grantAccess, container);
