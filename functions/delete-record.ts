// Lambda function delete-record: lets a patient delete a record.
import { RECORD_ROUTES } from '../lib/api/record-routes.ts';
import { endpoint } from '../lib/http/endpoint.ts';
import { storageContainer } from '../lib/runtime/storage-container.ts';
import { deleteRecord } from '../lib/usecases/delete-record.ts';

export const handler = endpoint(RECORD_ROUTES, 'delete-record', deleteRecord, storageContainer);
