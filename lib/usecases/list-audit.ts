// The patient's chain as it is, for the patient's client to verify; or the caller's own events in the chains of others, without their places.
import { auditEvent, withoutPlace } from '../domain/audit.ts';
import type { Answer, Input } from '../api/routes.ts';
import type { Call } from './call.ts';
import { registered } from './caller.ts';
import type { AuditEntry, AuditTrail, Identities } from './ports.ts';
import { next } from './views.ts';

interface Deps {
  readonly identities: Pick<Identities, 'find'>;
  readonly audit: AuditTrail;
}

export async function listAudit(
  { identities, audit }: Deps,
  { caller }: Call,
  { query }: Input<'list-audit'>,
): Promise<Answer<'list-audit'>> {
  const list = query.as === 'patient' ? audit.list(caller, query, query) : audit.listOwn(caller, query);
  const [page] = await Promise.all([list, registered(identities, caller)]);
  return { events: page.items.map(query.as === 'patient' ? (e) => ({ ...e }) : own), ...next(page) };
}

const own = (entry: AuditEntry): AuditEntry => ({
  ...entry,
  event: JSON.stringify(withoutPlace(auditEvent.parse(JSON.parse(entry.event)))),
});
