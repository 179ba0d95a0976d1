import { endpoint } from '../lib/http/endpoint.ts';
import { filingContainer } from '../lib/runtime/filing.ts';
import { commitRecord } from '../lib/usecases/commit-record.ts';

export const handler = endpoint('commit-record', commitRecord, filingContainer);
