// Lambda function list-chain: lists the entries of the caller's chain of statements, with the statements.
import { AUDIT_ROUTES } from '../lib/api/audit-routes.ts';
import { endpoint } from '../lib/http/endpoint.ts';
import { container } from '../lib/runtime/container.ts';
import { listChain } from '../lib/usecases/list-chain.ts';

export const handler = endpoint(AUDIT_ROUTES, 'list-chain', listChain, container);
