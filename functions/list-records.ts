// Lambda function list-records: lists the records of a folder.
import { RECORD_ROUTES } from '../lib/api/record-routes.ts';
import { endpoint } from '../lib/http/endpoint.ts';
import { container } from '../lib/runtime/container.ts';
import { listRecords } from '../lib/usecases/list-records.ts';

export const handler = endpoint(RECORD_ROUTES, 'list-records', listRecords, container);
