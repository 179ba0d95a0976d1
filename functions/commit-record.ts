// Lambda function commit-record: lets an author commit an uploaded record version, which makes it visible.
import { RECORD_ROUTES } from '../lib/api/record-routes.ts';
import { endpoint } from '../lib/http/endpoint.ts';
import { commitContainer } from '../lib/runtime/commit-record-container.ts';
import { commitRecord } from '../lib/usecases/commit-record.ts';

export const handler = endpoint(RECORD_ROUTES, 'commit-record', commitRecord, commitContainer);
