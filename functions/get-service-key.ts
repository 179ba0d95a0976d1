import { endpoint } from '../lib/http/endpoint.ts';
import { signingContainer } from '../lib/runtime/signing.ts';
import { getServiceKey } from '../lib/usecases/get-service-key.ts';

export const handler = endpoint('get-service-key', getServiceKey, signingContainer);
