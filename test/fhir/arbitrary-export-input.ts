// Generates grants, requests and trails for fast-check, in every form that the schemas of statements allow.
import fc from 'fast-check';
import { toBase32, toBase64url } from '../../lib/bytes/codec.ts';
import { identityId, type RandomId } from '../../lib/bytes/ids.ts';
import { EMPTY_CHAIN, EVENT_KINDS, nextEvent, type EventSubject } from '../../lib/domain/audit-chain.ts';
import type { ExportedEntry, ExportedGrant, ExportedRequest } from '../../lib/client/index.ts';
import { CATEGORIES, PURPOSES, RIGHTS } from '../../lib/statements/fields.ts';
import { KINDS, type Kind, type Payload, type Statement } from '../../lib/statements/kinds.ts';

export const ORIGIN = 'https://records.example.org';

const bytes = (length: number) => fc.uint8Array({ minLength: length, maxLength: length });
const b64 = (length: number) => bytes(length).map(toBase64url);
const id = <T extends RandomId>() => bytes(16).map((b) => toBase32(b) as T);
const ids = <T extends RandomId>(maxLength: number) => fc.uniqueArray(id<T>(), { minLength: 1, maxLength });
const identity = bytes(32).map(identityId);
/** Times are limited, because with a later time the longest grant would end in a year of five digits. */
const instant = fc.integer({ min: 0, max: 9_999_999_999_998 });
const ordinal = fc.integer({ min: 1, max: 4_294_967_295 });
const purpose = fc.constantFrom(...PURPOSES);
const right = fc.constantFrom(...RIGHTS);
const categories = fc.uniqueArray(fc.constantFrom(...CATEGORIES), { minLength: 1 });
const receiving = fc.record({ number: ordinal, key: b64(33) });
const optional = <T>(value: fc.Arbitrary<T>) => fc.option(value, { nil: undefined });

/** Removes undefined members, as JSON does. */
const sparse = <T>(value: T): T => JSON.parse(JSON.stringify(value)) as T;

/** Makes a statement without a signature, because the conversion expects verified input. It throws if the schema refuses the payload. */
const statement = <K extends Kind>(kind: K, payload: fc.Arbitrary<unknown>): fc.Arbitrary<Statement<K>> =>
  fc.record({ payload, hash: b64(32) }).map(({ payload: p, hash }) => ({
    kind,
    jws: 'SIGNED',
    hash,
    payload: KINDS[kind].payload.parse(sparse(p)) as Payload<K>,
  }));

const cell = fc.record({ folder: id(), epoch: ordinal, key: b64(33), statement: b64(32), kfrags: fc.constant([]) });
const standing = fc.oneof(fc.record({ categories }), fc.constant({ everything: true as const }));

export const grant: fc.Arbitrary<ExportedGrant> = fc
  .record({
    statement: fc.tuple(instant, fc.nat(9_999)).chain(([notBefore, longer]) =>
      statement(
        'grant',
        fc.record({
          grant: id(),
          patient: identity,
          recipient: identity,
          receiving,
          request: optional(fc.record({ id: id(), hash: b64(32) })),
          right,
          cells: fc.array(cell, { minLength: 1, maxLength: 5 }),
          notBefore: fc.constant(notBefore),
          expires: fc.constant(Math.min(notBefore + 1 + longer, 9_999_999_999_999)),
          openings: optional(fc.integer({ min: 1, max: 1_000_000_000 })),
          standing: optional(standing),
          purpose,
          threshold: fc.constant(1),
          proxies: fc.constant([{ id: 'service' }]),
          issued: instant,
        }),
      ),
    ),
    more: fc.uniqueArray(id(), { maxLength: 3 }),
    state: fc.constantFrom<ExportedGrant['state']>('active', 'not-begun', 'paused', 'expired', 'exhausted', 'revoked'),
  })
  .map(({ statement: s, more, state }) => ({
    statement: s,
    state,
    folders: [...new Set([...s.payload.cells.map((c) => c.folder), ...more])] as ExportedGrant['folders'],
  }));

export const request: fc.Arbitrary<ExportedRequest> = fc.record({
  statement: statement(
    'request',
    fc.record({
      request: id(),
      patient: identity,
      recipient: identity,
      service: b64(33),
      receiving,
      scope: fc.oneof(standing, fc.record({ folders: ids(5) }), fc.record({ record: id() })),
      rights: fc.uniqueArray(right, { minLength: 1 }),
      purpose,
      duration: fc.integer({ min: 1, max: 3_155_760_000 }),
      until: instant,
      message: optional(b64(100)),
      created: instant,
    }),
  ),
  state: fc.constantFrom<ExportedRequest['state']>('pending', 'approved', 'denied', 'withdrawn', 'expired'),
});

const subject: fc.Arbitrary<EventSubject> = fc
  .record({
    folder: optional(id()),
    epoch: optional(ordinal),
    records: optional(fc.array(fc.record({ record: id(), version: ordinal }), { maxLength: 4 })),
    request: optional(id()),
    grant: optional(id()),
    grants: optional(fc.array(id(), { maxLength: 3 })),
    right: optional(right),
    opening: optional(id()),
    folders: optional(fc.array(id(), { maxLength: 3 })),
    purpose: optional(purpose),
  })
  .map((s) => sparse(s) as EventSubject);

/** Trails with arbitrary subjects, because the conversion must accept whatever a service may write, not only what our service writes. */
export const trail: fc.Arbitrary<readonly ExportedEntry[]> = fc
  .tuple(
    identity,
    fc.array(
      fc.record({
        kind: fc.constantFrom(...EVENT_KINDS),
        other: optional(identity),
        subject,
        at: instant,
        statement: b64(32),
      }),
      { maxLength: 12 },
    ),
  )
  .map(([patient, drafts]) => {
    let head = EMPTY_CHAIN;
    return drafts.map(({ other, ...draft }) => {
      const { event, hash } = nextEvent(head, { ...draft, patient, actor: other ?? patient });
      head = { seq: event.seq, hash };
      return { ...event, hash };
    });
  });
