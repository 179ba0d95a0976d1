import { endpoint } from '../lib/http/endpoint.ts';
import { container } from '../lib/runtime/container.ts';
import { deleteRecord } from '../lib/usecases/delete-record.ts';

export const handler = endpoint('delete-record', deleteRecord, container);
