// Tests EVENT_CAUSES: each entry refuses a wrong actor, missing or other evidence, and each member that does not match. A weaker entry fails here.
import { describe, expect, test } from '@jest/globals';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import {
  newId,
  type FolderId,
  type GrantId,
  type OpeningId,
  type RecordId,
  type RequestId,
} from '../../lib/bytes/ids.ts';
import { EVENT_CAUSES, verifyEvidence } from '../../lib/client/audit/event-evidence.ts';
import {
  EVENT_KINDS,
  GENESIS,
  type AuditEvent,
  type EventKind,
  type EventSubject,
} from '../../lib/domain/audit-chain.ts';
import { KINDS, type Kind, type Payload } from '../../lib/statements/kinds.ts';
import { signStatement } from '../../lib/statements/sign.ts';
import { clinician, patient, SAMPLES, stranger, type TestSigner } from '../statements/samples.ts';
import { refusal } from './clients.ts';

const { opening, deletion, denial, revocation } = SAMPLES;
const [record] = opening.payload.records as [Payload<'opening'>['records'][number]];
const GRANT = { grant: revocation.payload.grant };
const REQUEST = { request: denial.payload.request };
const OPENING = {
  opening: opening.payload.opening,
  grant: GRANT.grant,
  folder: opening.payload.folder,
  epoch: opening.payload.epoch,
  records: [record],
};
const other = { record: newId<RecordId>(), version: record.version };

interface Expected {
  readonly actors: readonly TestSigner[];
  readonly statement: Kind;
  readonly evidence: 'required' | 'optional' | 'elsewhere';
  readonly subject: EventSubject;
  /** Subjects with which the statement does not agree. */
  readonly disagreeing: readonly EventSubject[];
}

const withGrant = { subject: GRANT, disagreeing: [{}, { grant: newId<GrantId>() }] };
const withRequest = { subject: REQUEST, disagreeing: [{}, { request: newId<RequestId>() }] };
const none = { subject: {}, disagreeing: [] };
const [ONLY_PATIENT, ONLY_OTHERS, ANYONE] = [[patient], [clinician], [patient, clinician]];

const EXPECTED: Readonly<Record<EventKind, Expected>> = {
  registered: { actors: ONLY_PATIENT, statement: 'identity', evidence: 'optional', ...none },
  'folder-created': { actors: ONLY_PATIENT, statement: 'folder', evidence: 'elsewhere', ...none },
  'epoch-started': { actors: ONLY_PATIENT, statement: 'folder', evidence: 'elsewhere', ...none },
  'record-filed': { actors: ANYONE, statement: 'record', evidence: 'elsewhere', ...none },
  'record-deleted': {
    actors: ONLY_PATIENT,
    statement: 'deletion',
    evidence: 'required',
    subject: { records: [{ record: deletion.payload.record, version: 3 }] },
    disagreeing: [{}, { records: [] }, { records: [other] }],
  },
  'access-requested': { actors: ONLY_OTHERS, statement: 'request', evidence: 'elsewhere', ...none },
  'request-denied': { actors: ONLY_PATIENT, statement: 'denial', evidence: 'required', ...withRequest },
  'request-withdrawn': { actors: ONLY_OTHERS, statement: 'withdrawal', evidence: 'required', ...withRequest },
  'access-granted': { actors: ONLY_PATIENT, statement: 'grant', evidence: 'elsewhere', ...none },
  'grant-extended': { actors: ONLY_PATIENT, statement: 'extension', evidence: 'elsewhere', ...none },
  'grant-paused': { actors: ONLY_PATIENT, statement: 'pause', evidence: 'required', ...withGrant },
  'grant-resumed': { actors: ONLY_PATIENT, statement: 'resumption', evidence: 'required', ...withGrant },
  'grant-revoked': { actors: ONLY_PATIENT, statement: 'revocation', evidence: 'required', ...withGrant },
  'grant-returned': { actors: ONLY_OTHERS, statement: 'return', evidence: 'required', ...withGrant },
  'records-opened': {
    actors: ANYONE,
    statement: 'opening',
    evidence: 'required',
    subject: OPENING,
    disagreeing: [
      { ...OPENING, opening: newId<OpeningId>() },
      { ...OPENING, grant: newId<GrantId>() },
      { ...OPENING, grant: undefined },
      { ...OPENING, folder: newId<FolderId>() },
      { ...OPENING, epoch: OPENING.epoch + 1 },
      { ...OPENING, records: undefined },
      { ...OPENING, records: [] },
      { ...OPENING, records: [other] },
      { ...OPENING, records: [{ ...record, version: record.version + 1 }] },
      { ...OPENING, records: [record, other] },
    ],
  },
};

/** A statement of this kind, about the patient, that `signer` signed. The signature is valid. */
const signed = async (kind: Kind, signer: TestSigner, changes: object = {}) => {
  const payload = { ...SAMPLES[kind].payload, ...changes, [KINDS[kind].signer]: signer.id };
  return signStatement(kind, payload as Payload<Kind>, signer);
};

const eventOf = (kind: EventKind, changes: Partial<AuditEvent> = {}): AuditEvent => ({
  patient: patient.id,
  seq: 1,
  previous: GENESIS,
  kind,
  actor: EXPECTED[kind].actors[0]!.id,
  subject: EXPECTED[kind].subject,
  at: 1,
  statement: GENESIS,
  ...changes,
});
const verdict = (event: AuditEvent, evidence?: string) =>
  refusal(() => verifyEvidence(event, { hash: GENESIS, evidence }));
const REFUSED = 'unverified evidence';

const inEntry = EVENT_KINDS.filter((kind) => EXPECTED[kind].evidence !== 'elsewhere');

describe.each(EVENT_KINDS)('%s', (kind) => {
  const { actors, statement, evidence } = EXPECTED[kind];
  const isInEntry = evidence !== 'elsewhere';

  test('has its cause in the table', () => {
    expect(EVENT_CAUSES[kind]).toMatchObject({ statement, evidence });
  });

  test.each([
    ['the patient', patient],
    ['another identity', clinician],
  ])('by %s is accepted only if that is its actor', async (_, actor) => {
    const { jws, hash } = await signed(statement, actor);
    const expected = actors.includes(actor) ? 'accepted' : REFUSED;
    expect(await verdict(eventOf(kind, { actor: actor.id, statement: hash }), isInEntry ? jws : undefined)).toBe(
      expected,
    );
  });

  test('without evidence is refused only if evidence is required', async () => {
    expect(await verdict(eventOf(kind))).toBe(evidence === 'required' ? REFUSED : 'accepted');
  });

  test('with evidence of each kind is accepted only with its own kind', async () => {
    for (const actor of actors)
      for (const offered of Object.keys(KINDS) as Kind[]) {
        const { jws, hash } = await signed(offered, actor);
        const expected = isInEntry && offered === statement ? 'accepted' : REFUSED;
        expect([offered, await verdict(eventOf(kind, { actor: actor.id, statement: hash }), jws)]).toEqual([
          offered,
          expected,
        ]);
      }
  });
});

describe.each(inEntry)('the evidence of %s must', (kind) => {
  const { actors, statement, disagreeing } = EXPECTED[kind];
  const [actor] = actors as [TestSigner];

  test('have the hash that the event names', async () => {
    const { jws } = await signed(statement, actor);
    expect(await verdict(eventOf(kind), jws)).toBe(REFUSED);
  });

  test('be signed by the actor', async () => {
    const { jws, hash } = await signed(statement, stranger);
    expect(await verdict(eventOf(kind, { statement: hash }), jws)).toBe(REFUSED);
  });

  test('be about the patient of the trail', async () => {
    // The patient signs the other kinds, so the check of the signer refuses those.
    if ('patient' in SAMPLES[statement].payload && KINDS[statement].signer !== 'patient') {
      const { jws, hash } = await signed(statement, actor, { patient: stranger.id });
      expect(await verdict(eventOf(kind, { statement: hash }), jws)).toBe(REFUSED);
    }
  });

  test('match the subject of the event', async () => {
    const { jws, hash } = await signed(statement, actor);
    for (const subject of disagreeing)
      expect([subject, await verdict(eventOf(kind, { subject, statement: hash }), jws)]).toEqual([subject, REFUSED]);
  });
});

test('docs/spec/audit.md has the same table', () => {
  const page = readFileSync(join(import.meta.dirname, '..', '..', 'docs', 'spec', 'audit.md'), 'utf8');
  const rows = [
    ...page.matchAll(
      /^\| (`[\w-]+`(?:, `[\w-]+`)*) \| ([^|]+) \| ([^|]+) \| (patient|others|anyone) \| (required|optional|elsewhere) \|$/gm,
    ),
  ];
  const listed = rows.flatMap(([, kinds = '', , statements = '', actor, evidence]) =>
    [...kinds.matchAll(/`([\w-]+)`/g)].map(([, kind], i) => {
      const named = statements.split(', ');
      return [kind, { actor, statement: named[i] ?? named[0], evidence }];
    }),
  );
  expect(Object.fromEntries(listed)).toEqual(
    Object.fromEntries(
      Object.entries(EVENT_CAUSES).map(([kind, { actor, statement, evidence }]) => [
        kind,
        { actor, statement, evidence },
      ]),
    ),
  );
});
