// Audit routes: defines paths, inputs, answers and error codes of the audit trail.
import * as z from 'zod/mini';
import { instant, integer, listOf, ordinal, sha256 } from '../statements/fields.ts';
import { MOST_IN_ENTRY, MOST_VOID } from '../statements/kinds/entry.ts';
import { none, type Route } from './route.ts';
import { jws, nextPage, number, page, role } from './shapes.ts';

/**
 * The text of an event, exactly as it is hashed. `evidence` is the statement that caused the event; it is present if the service stores this statement
 * nowhere else.
 */
export const auditEvent = z.strictObject({
  event: z.string().check(z.maxLength(65_536)),
  hash: sha256,
  evidence: z.optional(jws),
});

export const auditPage = z.strictObject({ events: z.array(auditEvent), ...nextPage });

/**
 * An entry of the chain. `statements` are the statements that the entry names, in the same order. `voided` are the statements of the entries that the entry
 * names as void.
 */
export const chainEntry = z.strictObject({
  entry: jws,
  statements: listOf(jws, 1, MOST_IN_ENTRY),
  voided: z.optional(listOf(jws, 1, MOST_IN_ENTRY * MOST_VOID)),
});

export const chainPage = z.strictObject({ entries: z.array(chainEntry), ...nextPage });

export const checkpointView = z.strictObject({ checkpoint: jws });

export const AUDIT_ROUTES = {
  'list-audit': {
    method: 'GET',
    path: '/v1/audit',
    access: 'read',
    params: none,
    query: z.strictObject({
      ...page,
      as: role,
      from: z.optional(number(instant)),
      to: z.optional(number(instant)),
      /** Only events with a larger `seq` are listed. `after` cannot be combined with `from` and `to`. */
      after: z.optional(number(integer(0, 999_999_999_999))),
    }),
    body: undefined,
    answer: [200, auditPage],
    errors: [],
    summary: "The caller's audit trail, or the caller's own events in the trails of others",
  },
  'list-chain': {
    method: 'GET',
    path: '/v1/chain',
    access: 'read',
    params: none,
    query: z.strictObject({
      ...page,
      /** Only entries with a larger number are listed. */
      after: z.optional(number(z.union([z.literal(0), ordinal]))),
    }),
    body: undefined,
    answer: [200, chainPage],
    errors: [],
    summary: "The chain of the caller's statements, oldest first",
  },
  'get-checkpoint': {
    method: 'GET',
    path: '/v1/audit/checkpoint',
    access: 'read',
    params: none,
    query: none,
    body: undefined,
    answer: [200, checkpointView],
    errors: [],
    summary: "The heads of the caller's audit trail and chain of statements, signed by the service",
  },
} as const satisfies Record<string, Route>;
