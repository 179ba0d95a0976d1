// Makes audit trails for tests, with a valid hash chain. By default each event is a request of the clinician, with its signed statement.
import { toBase64url } from '../../lib/bytes/codec.ts';
import { newId, type RequestId } from '../../lib/bytes/ids.ts';
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
import { SERVICE_KEY } from './hand-made-service-signatures.ts';
import { signNow } from './lying-service.ts';

/** An entry of a trail, as `list-audit` returns it. */
export interface Entry {
  event: string;
  hash: string;
  evidence?: string;
}

const ME = KEYS.patient.id;

/** Makes the request with this number. Each number gives another id, so that no two events have the same statement. */
export const requestOf = (n: number): Payload<'request'> => ({
  request: newId<RequestId>(() => fill(n + 1, 16)),
  patient: ME,
  recipient: KEYS.clinician.id,
  service: SERVICE_KEY,
  receiving: { number: 1, key: toBase64url(fill(2, 33)) },
  scope: { everything: true },
  rights: ['read'],
  purpose: 'TREAT',
  duration: 1,
  until: 1,
  created: 1,
});

/** Makes the event of a request, with the signed statement as its evidence. The event names the clinician as its actor, whoever signs. */
export const requestedEvent = (payload: Payload<'request'>, by = KEYS.clinician) => {
  const { request, purpose } = payload;
  const { hash: statement, jws: evidence } = signNow('request', { ...payload, recipient: by.id }, by);
  return {
    kind: 'access-requested' as const,
    actor: KEYS.clinician.id,
    subject: { request, purpose },
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
    const { evidence, ...draft } = { ...requestedEvent(requestOf(n)), ...changes };
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
