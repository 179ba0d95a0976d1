// Makes audit trails for tests, with a valid hash chain. By default each event is an opening by the clinician, with its signed statement.
import { newId, type FolderId, type OpeningId, type RecordId } from '../../lib/bytes/ids.ts';
import {
  EMPTY_CHAIN,
  nextEvent,
  type AuditEvent,
  type ChainHead,
  type EventDraft,
} from '../../lib/domain/audit-chain.ts';
import type { Payload } from '../../lib/statements/kinds.ts';
import { fill } from '../statements/samples.ts';
import { KEYS } from './clients.ts';
import { signNow } from './lying-service.ts';

/** An entry of a trail, as `list-audit` returns it. */
export interface Entry {
  event: string;
  hash: string;
  evidence?: string;
}

const ME = KEYS.patient.id;

/** Makes the opening with this number. Each number gives another id, so that no two events have the same statement. */
export const openingOf = (n: number): Payload<'opening'> => ({
  opening: newId<OpeningId>(() => fill(n + 1, 16)),
  patient: ME,
  opener: KEYS.clinician.id,
  folder: newId<FolderId>(() => fill(1, 16)),
  epoch: 1,
  records: [{ record: newId<RecordId>(() => fill(1, 16)), version: 1 }],
  when: 1,
});

/** Makes the event of an opening, with the signed statement as its evidence. */
export const openedEvent = (payload: Payload<'opening'>, by = KEYS.clinician) => {
  const { opening, folder, epoch, records } = payload;
  const { hash: statement, jws: evidence } = signNow('opening', { ...payload, opener: by.id }, by);
  return {
    kind: 'records-opened' as const,
    actor: KEYS.clinician.id,
    subject: { opening, folder, epoch, records },
    statement,
    evidence,
  };
};

/** An event of a trail that differs from the default one in these members. */
export type Draft = Partial<EventDraft> & { readonly evidence?: string | undefined };

/** Links events to a trail. Its hash chain is valid; the statements may be wrong. */
export const trailOf = (...drafts: readonly Draft[]): Entry[] => {
  let head: ChainHead = EMPTY_CHAIN;
  return drafts.map((changes, n) => {
    const { evidence, ...draft } = { ...openedEvent(openingOf(n)), ...changes };
    const link = nextEvent(head, { patient: ME, at: 1, ...draft });
    head = { seq: link.event.seq, hash: link.hash };
    return { event: link.text, hash: link.hash, ...(evidence === undefined ? {} : { evidence }) };
  });
};

/** Returns the same events in a new chain, with some members changed. */
export const relinked = (
  entries: readonly Entry[],
  change: (event: AuditEvent) => Partial<AuditEvent> = () => ({}),
): Entry[] => {
  let head: ChainHead = EMPTY_CHAIN;
  return entries.map(({ event: text, evidence }) => {
    const event = JSON.parse(text) as AuditEvent;
    const link = nextEvent(head, { ...event, ...change(event) });
    head = { seq: link.event.seq, hash: link.hash };
    return { event: link.text, hash: link.hash, ...(evidence === undefined ? {} : { evidence }) };
  });
};
