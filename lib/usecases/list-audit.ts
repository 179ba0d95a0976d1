// Use case list-audit: lists the events of the caller's own audit trail, which the client verifies; or the events that the caller caused in the trails of
// others, without their numbers there.
import { AppError } from '../api/errors.ts';
import { parseEvent, withoutPosition } from '../domain/audit-chain.ts';
import type { Answer, Input } from '../api/routes.ts';
import type { Call } from '../ports/call.ts';
import { findRegistered } from './checks/caller.ts';
import type { AuditEntry, AuditTrail, Identities } from '../ports/index.ts';
import { next } from './shared/answers.ts';

interface Deps {
  readonly identities: Pick<Identities, 'find'>;
  readonly audit: Pick<AuditTrail, 'list' | 'listOwn'>;
}

export async function listAudit(
  { identities, audit }: Deps,
  { caller }: Call,
  { query }: Input<'list-audit'>,
): Promise<Answer<'list-audit'>> {
  const timed = query.from !== undefined || query.to !== undefined;
  if (query.after !== undefined && (timed || query.as !== 'patient'))
    throw new AppError('malformed-request', { member: 'after' });
  const list = query.as === 'patient' ? audit.list(caller, query, query) : audit.listOwn(caller, query);
  const [page] = await Promise.all([list, findRegistered(identities, caller)]);
  return { events: page.items.map(query.as === 'patient' ? (e) => ({ ...e }) : own), ...next(page) };
}

const own = (entry: AuditEntry, index: number): AuditEntry => ({
  ...entry,
  event: JSON.stringify(withoutPosition(parseEvent(entry.event, index))),
});
