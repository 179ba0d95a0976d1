// Request routes: defines paths, inputs, answers and error codes of requests for access.
import * as z from 'zod/mini';
import type { GrantId } from '../bytes/ids.ts';
import { listOf, randomId, RIGHTS } from '../statements/fields.ts';
import { grantBody, grantView } from './grant-routes.ts';
import { none, STORED, type Route } from './route.ts';
import { actBody, entryMembers, ids, jws, nextPage, page, role, statementBody } from './shapes.ts';

export const requestState = z.enum(['pending', 'approved', 'denied', 'withdrawn', 'expired']);

export const requestView = z.strictObject({
  statement: jws,
  state: requestState,
  grants: z.optional(z.array(randomId<GrantId>())),
});

export const requestPage = z.strictObject({ requests: z.array(requestView), ...nextPage });

/** At least one grant, and at most one for each right. */
export const approvalBody = z.strictObject({ grants: listOf(grantBody, 1, RIGHTS.length), ...entryMembers });

export const approvalView = z.strictObject({ grants: z.array(grantView) });

const { requestId } = ids;

export const REQUEST_ROUTES = {
  'request-access': {
    method: 'PUT',
    path: '/v1/requests/{requestId}',
    access: 'mutation',
    params: z.strictObject({ requestId }),
    query: none,
    body: statementBody,
    answer: [201, requestView],
    errors: ['not-found', 'statement-invalid', 'too-many', ...STORED],
    summary: 'Ask a patient for access, with a purpose',
  },
  'list-requests': {
    method: 'GET',
    path: '/v1/requests',
    access: 'read',
    params: none,
    query: z.strictObject({ ...page, as: role, state: z.optional(requestState) }),
    body: undefined,
    answer: [200, requestPage],
    errors: [],
    summary: 'Requests made to, or by, the caller',
  },
  'withdraw-request': {
    method: 'POST',
    path: '/v1/requests/{requestId}/withdrawal',
    access: 'mutation',
    params: z.strictObject({ requestId }),
    query: none,
    body: statementBody,
    answer: [200, requestView],
    errors: ['not-found', 'statement-invalid', 'request-closed', ...STORED],
    summary: 'Withdraw a pending request',
  },
  'approve-request': {
    method: 'POST',
    path: '/v1/requests/{requestId}/approval',
    access: 'mutation',
    params: z.strictObject({ requestId }),
    query: none,
    body: approvalBody,
    answer: [201, approvalView],
    errors: [
      'not-found',
      'statement-invalid',
      'request-closed',
      'grant-exceeds-request',
      'kfrag-invalid',
      'chain-moved',
      ...STORED,
    ],
    summary: 'Approve a pending request with signed grants and their key fragments',
  },
  'deny-request': {
    method: 'POST',
    path: '/v1/requests/{requestId}/denial',
    access: 'mutation',
    params: z.strictObject({ requestId }),
    query: none,
    body: actBody,
    answer: [200, requestView],
    errors: ['not-found', 'statement-invalid', 'request-closed', 'chain-moved', ...STORED],
    summary: 'Deny a pending request',
  },
} as const satisfies Record<string, Route>;
