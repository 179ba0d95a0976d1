import { endpoint } from '../lib/http/endpoint.ts';
import { container } from '../lib/runtime/container.ts';
import { getRecord } from '../lib/usecases/get-record.ts';

export const handler = endpoint('get-record', getRecord, container);
