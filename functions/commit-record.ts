import { endpoint } from '../lib/http/endpoint.ts';
import { container } from '../lib/runtime/container.ts';
import { commitRecord } from '../lib/usecases/commit-record.ts';

export const handler = endpoint('commit-record', commitRecord, container);
