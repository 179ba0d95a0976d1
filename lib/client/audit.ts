// The patient's audit trail, verified link by link from the start, and held against what this client verified before.
import { EMPTY_CHAIN, verifyChain, type AuditEvent } from '../domain/audit.ts';
import { claimOf, statementHash, verifyStatement } from '../statements/verify.ts';
import type { Context } from './context.ts';
import { check, checked, ClientError } from './errors.ts';
import { pages } from './pages.ts';
import type { CallOptions } from './transport.ts';

/** A verified event. `evidence` is the actor's signed statement where the trail carries it: openings. */
export interface TrailEntry extends AuditEvent {
  readonly evidence?: string;
}

interface Entry {
  readonly event: string;
  readonly hash: string;
  readonly evidence?: string | undefined;
}

/** The evidence is the statement that the event names, signed by the event's actor. An opening must come with it. */
const verifyEvidence = async (event: AuditEvent, { evidence }: Entry): Promise<TrailEntry> => {
  if (evidence === undefined) {
    check('evidence', event.kind !== 'records-opened');
    return event;
  }
  check('evidence', statementHash(evidence) === event.statement);
  await checked('evidence', async () => {
    const { kind } = claimOf(evidence);
    const { payload } = await verifyStatement(kind, evidence, event.actor);
    if (kind === 'opening') check('evidence', 'opening' in payload && payload.opening === event.subject.opening);
  });
  return { ...event, evidence };
};

/**
 * The whole trail of the caller. It is the truth for an honest service only: a service that leaves events out from the start, and shows nobody
 * else, cannot be found out by this.
 *
 * @throws {ClientError} `unverified` (`audit`, `evidence`); `rolled-back` when it no longer holds what was verified before
 */
export const readTrail = async (ctx: Context, options: CallOptions = {}): Promise<readonly TrailEntry[]> => {
  const known = ctx.memory.auditHead();
  let head = EMPTY_CHAIN;
  const trail: TrailEntry[] = [];
  for await (const page of pages((cursor) =>
    ctx.call('list-audit', { query: { ...cursor, as: 'patient' } }, options),
  )) {
    const verified = await checked('audit', () => verifyChain(ctx.keys.id, head, page.events));
    head = verified.head;
    for (const [i, event] of verified.events.entries()) {
      const entry = page.events[i]!;
      if (event.seq === known.seq && entry.hash !== known.hash)
        throw new ClientError('rolled-back', 'refused: the audit trail was rewritten', 'audit');
      trail.push(await verifyEvidence(event, entry));
    }
  }
  if (head.seq < known.seq) throw new ClientError('rolled-back', 'refused: the audit trail got shorter', 'audit');
  ctx.memory.noteAudit(head);
  return trail;
};
