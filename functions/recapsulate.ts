import '../lib/runtime/arithmetic.ts';
import { endpoint } from '../lib/http/endpoint.ts';
import { signingContainer } from '../lib/runtime/signing.ts';
import { recapsulate } from '../lib/usecases/recapsulate.ts';

export const handler = endpoint('recapsulate', recapsulate, signingContainer);
