// Audit trail: makes and verifies the hash chain of one patient's events. The hash covers the text of an event byte for byte (docs/spec/audit.md).
import { sha256 } from '@noble/hashes/sha2.js';
import * as z from 'zod/mini';
import { concat } from '../bytes/binary.ts';
import { toBase64url, utf8 } from '../bytes/codec.ts';
import type { FolderId, GrantId, IdentityId, OpeningId, RecordId, RequestId } from '../bytes/ids.ts';
import {
  identity,
  instant,
  integer,
  MOST_CARRIED,
  MOST_CELLS,
  ordinal,
  purpose,
  randomId,
  right,
  sha256 as hash,
  type Purpose,
} from '../statements/fields.ts';

const TAG = 'pcehr/v1/audit\0';
/** The value of `previous` in the first event: 32 zero bytes, base64url. */
export const GENESIS = toBase64url(new Uint8Array(32));

export const EVENT_KINDS = [
  'registered',
  'folder-created',
  'epoch-started',
  'record-filed',
  'record-deleted',
  'access-requested',
  'request-denied',
  'request-withdrawn',
  'access-granted',
  'grant-extended',
  'grant-paused',
  'grant-resumed',
  'grant-revoked',
  'grant-returned',
  'records-opened',
] as const;

const subject = z.strictObject({
  folder: z.optional(randomId<FolderId>()),
  epoch: z.optional(ordinal),
  records: z.optional(
    z.array(z.strictObject({ record: randomId<RecordId>(), version: ordinal })).check(z.maxLength(100)),
  ),
  request: z.optional(randomId<RequestId>()),
  grant: z.optional(randomId<GrantId>()),
  /** Grants to which a new cell was added. */
  grants: z.optional(z.array(randomId<GrantId>()).check(z.maxLength(MOST_CARRIED))),
  right: z.optional(right),
  opening: z.optional(randomId<OpeningId>()),
  folders: z.optional(z.array(randomId<FolderId>()).check(z.maxLength(MOST_CELLS))),
  purpose: z.optional(purpose),
});

const auditEvent = z.strictObject({
  patient: identity,
  seq: integer(1, 999_999_999_999),
  previous: hash,
  kind: z.enum(EVENT_KINDS),
  actor: identity,
  subject,
  at: instant,
  /** Hash of the statement that caused the event. */
  statement: hash,
});

export type AuditEvent = z.infer<typeof auditEvent>;
export type EventKind = AuditEvent['kind'];
export type EventSubject = AuditEvent['subject'];

/** An event that is not yet in the trail. */
export interface EventDraft {
  readonly kind: EventKind;
  readonly patient: IdentityId;
  readonly actor: IdentityId;
  readonly subject: EventSubject;
  readonly at: number;
  readonly statement: string;
}

/** Number and hash of the last event of a trail; 0 and GENESIS if the trail is empty. */
export interface ChainHead {
  readonly seq: number;
  readonly hash: string;
}
export const EMPTY_CHAIN: ChainHead = { seq: 0, hash: GENESIS };

export interface ChainLink {
  readonly text: string;
  readonly hash: string;
  readonly event: AuditEvent;
}

export const eventHash = (text: string): string => toBase64url(sha256(concat(utf8(TAG), utf8(text))));

/** Makes the event that follows `head`. No other function may make events, because the order of the members decides the hash. */
export const nextEvent = (head: ChainHead, d: EventDraft): ChainLink => {
  const event: AuditEvent = {
    patient: d.patient,
    seq: head.seq + 1,
    previous: head.hash,
    kind: d.kind,
    actor: d.actor,
    subject: d.subject,
    at: d.at,
    statement: d.statement,
  };
  const text = JSON.stringify(event);
  return { text, hash: eventHash(text), event };
};

/** The error for a trail that fails verification. The message names the entry and the fault, but no content of the entry. */
export class AuditError extends Error {
  override readonly name = 'AuditError';
  readonly code: 'malformed' | 'altered' | 'out-of-order' | 'broken-link' | 'foreign';
  /** Index of the entry in the list, from 0. */
  readonly index: number;
  constructor(code: AuditError['code'], index: number) {
    super(`the audit trail does not check at entry ${index}: ${code}`);
    this.code = code;
    this.index = index;
  }
}

/**
 * Parses an event. The result has its members in the order of the text, so `JSON.stringify` of the result is the text that was hashed.
 * @throws {AuditError} `malformed`, with the index
 */
export const parseEvent = (text: string, index: number): AuditEvent => {
  try {
    const json: unknown = JSON.parse(text);
    auditEvent.parse(json);
    if (JSON.stringify(json) === text) return json as AuditEvent;
  } catch {
    // The original error is dropped, because it could contain content of the entry.
  }
  throw new AuditError('malformed', index);
};

/**
 * Checks that `entries` follow `head` without a gap.
 * @returns the events, and the new head. `JSON.stringify` of an event is the text that was hashed.
 * @throws {AuditError} with the index of the first entry that does not fit
 */
export const verifyChain = (
  patient: IdentityId,
  head: ChainHead,
  entries: readonly { readonly event: string; readonly hash: string }[],
): { readonly events: readonly AuditEvent[]; readonly head: ChainHead } => {
  let { seq, hash: last } = head;
  const events = entries.map((entry, index) => {
    const event = parseEvent(entry.event, index);
    if (eventHash(entry.event) !== entry.hash) throw new AuditError('altered', index);
    if (event.patient !== patient) throw new AuditError('foreign', index);
    if (event.seq !== seq + 1) throw new AuditError('out-of-order', index);
    if (event.previous !== last) throw new AuditError('broken-link', index);
    seq = event.seq;
    last = entry.hash;
    return event;
  });
  return { events, head: { seq, hash: last } };
};

/** Returns the purpose of each grant that one of `events` created. */
export const purposesIn = (events: readonly AuditEvent[]): ReadonlyMap<GrantId, Purpose | undefined> =>
  new Map(
    events.flatMap(({ kind, subject }) =>
      kind === 'access-granted' && subject.grant !== undefined ? [[subject.grant, subject.purpose] as const] : [],
    ),
  );

const ownEvent = z.omit(auditEvent, { seq: true, previous: true });

/** An event in another patient's trail, without its number and the hash of the event before. */
export type OwnEvent = z.infer<typeof ownEvent>;

/** Parses an event that {@link withoutPosition} made. @throws {Error} for any other text */
export const parseOwnEvent = (text: string): OwnEvent => ownEvent.parse(JSON.parse(text));

/**
 * Returns the event as its actor may see it in another patient's trail. The result lacks the position of the event, which would show how many other events the
 * trail has.
 */
export const withoutPosition = (e: AuditEvent): OwnEvent => {
  const { seq: _seq, previous: _previous, ...rest } = e;
  return rest;
};
