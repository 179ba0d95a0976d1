// Lambda function get-record: returns the versions of a record.
import { RECORD_ROUTES } from '../lib/api/record-routes.ts';
import { endpoint } from '../lib/http/endpoint.ts';
import { container } from '../lib/runtime/container.ts';
import { getRecord } from '../lib/usecases/get-record.ts';

export const handler = endpoint(RECORD_ROUTES, 'get-record', getRecord, container);
