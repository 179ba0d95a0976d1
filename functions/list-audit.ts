// Lambda function list-audit: lists events of the caller's audit trail, or events that the caller caused in the trails of others.
import { AUDIT_ROUTES } from '../lib/api/audit-routes.ts';
import { endpoint } from '../lib/http/endpoint.ts';
import { container } from '../lib/runtime/container.ts';
import { listAudit } from '../lib/usecases/list-audit.ts';

export const handler = endpoint(AUDIT_ROUTES, 'list-audit', listAudit, container);
