// Lambda function get-checkpoint: returns the caller's checkpoint, which is signed by the service.
import { AUDIT_ROUTES } from '../lib/api/audit-routes.ts';
import { endpoint } from '../lib/http/endpoint.ts';
import { signingContainer } from '../lib/runtime/signing-container.ts';
import { getCheckpoint } from '../lib/usecases/get-checkpoint.ts';

export const handler = endpoint(AUDIT_ROUTES, 'get-checkpoint', getCheckpoint, signingContainer);
