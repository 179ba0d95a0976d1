// Lambda function recapsulate: lets a recipient or a patient open records.
import '../lib/runtime/report-curve-backend.ts';
import { OPENING_ROUTES } from '../lib/api/opening-routes.ts';
import { endpoint } from '../lib/http/endpoint.ts';
import { signingContainer } from '../lib/runtime/signing-container.ts';
import { recapsulate } from '../lib/usecases/recapsulate.ts';

export const handler = endpoint(OPENING_ROUTES, 'recapsulate', recapsulate, signingContainer);
