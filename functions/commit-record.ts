import { endpoint } from '../lib/http/endpoint.ts';
import { signingContainer } from '../lib/runtime/signing.ts';
import { commitRecord } from '../lib/usecases/commit-record.ts';

export const handler = endpoint('commit-record', commitRecord, signingContainer);
