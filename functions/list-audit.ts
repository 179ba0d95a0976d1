import { endpoint } from '../lib/http/endpoint.ts';
import { container } from '../lib/runtime/container.ts';
import { listAudit } from '../lib/usecases/list-audit.ts';

export const handler = endpoint('list-audit', listAudit, container);
