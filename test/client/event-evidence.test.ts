// Tests EVENT_CAUSES: for each kind of event, a wrong actor, a missing statement, another statement and each member that does not match are refused.
import { describe, expect, test } from '@jest/globals';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { toBase64url } from '../../lib/bytes/codec.ts';
import {
  newId,
  type FolderId,
  type GrantId,
  type OpeningId,
  type RecordId,
  type RequestId,
} from '../../lib/bytes/ids.ts';
import { EVENT_CAUSES, verifyEvidence, type FindInChain } from '../../lib/client/audit/event-evidence.ts';
import type { VerifiedEntry } from '../../lib/client/chain/given-access.ts';
import {
  EVENT_KINDS,
  GENESIS,
  type AuditEvent,
  type EventKind,
  type EventSubject,
} from '../../lib/domain/audit-chain.ts';
import { KINDS, type Kind, type Payload, type Statement } from '../../lib/statements/kinds.ts';
import { signStatement } from '../../lib/statements/sign.ts';
import { clinician, fill, patient, SAMPLES, stranger, type TestSigner } from '../statements/samples.ts';
import { refusal } from './clients.ts';

const { opening, deletion, denial, revocation, folder, grant, extension, record, request } = SAMPLES;
const [opened] = opening.payload.records as [Payload<'opening'>['records'][number]];
const GRANT = { grant: revocation.payload.grant };
const REQUEST = { request: denial.payload.request };
const OPENING = {
  opening: opening.payload.opening,
  grant: GRANT.grant,
  folder: opening.payload.folder,
  epoch: opening.payload.epoch,
  records: [opened],
};
const other = { record: newId<RecordId>(), version: opened.version };
const CELL = { folder: folder.payload.folder, epoch: folder.payload.epoch };
const FILED = {
  ...CELL,
  records: [{ record: record.payload.record, version: record.payload.version }],
  grant: record.payload.grant!.id,
};
const ASKED = { ...REQUEST, folders: [folder.payload.folder], purpose: request.payload.purpose };
const GIVEN = { ...ASKED, ...GRANT, right: grant.payload.right, purpose: grant.payload.purpose };
const EXTENDED = { ...GRANT, folders: [extension.payload.cells[0]!.folder] };

interface Expected {
  readonly actors: readonly TestSigner[];
  readonly statement: Kind;
  readonly from: 'trail' | 'chain';
  /** Members of the statement that differ from the sample. */
  readonly changes?: object;
  /** Kinds of further statements in the same entry of the chain. */
  readonly beside?: readonly Kind[];
  readonly subject: EventSubject;
  /** Subjects with which the statement does not agree. */
  readonly disagreeing: readonly EventSubject[];
}

/** For each member of the subject, makes two changed subjects: one without the member, and one with another value of it. */
const eachChanged = <S extends EventSubject>(subject: S, others: { readonly [M in keyof S]: S[M] }) =>
  (Object.keys(subject) as (keyof S & string)[]).flatMap((member) => [
    { ...subject, [member]: undefined },
    { ...subject, [member]: others[member] },
  ]) as EventSubject[];

const ids = { folder: newId<FolderId>(), grant: newId<GrantId>(), request: newId<RequestId>() };
const folders = [newId<FolderId>()];
const withGrant = { subject: GRANT, disagreeing: eachChanged(GRANT, ids) };
const withRequest = { subject: REQUEST, disagreeing: eachChanged(REQUEST, ids) };
const [ONLY_PATIENT, ONLY_OTHERS, ANYONE] = [[patient], [clinician], [patient, clinician]];
const [BY_PATIENT, BY_OTHERS, BY_ANYONE] = [
  { actors: ONLY_PATIENT, from: 'chain' },
  { actors: ONLY_OTHERS, from: 'trail' },
  { actors: ANYONE, from: 'trail' },
] as const;
const FIRST_CELL = { ...CELL, epoch: 1 };
const CARRIED = { ...CELL, grants: [extension.payload.grant] };
const single = { record: other.record, version: other.version };

const EXPECTED: Readonly<Record<EventKind, Expected>> = {
  registered: { ...BY_PATIENT, statement: 'identity', subject: {}, disagreeing: [] },
  'folder-created': {
    ...BY_PATIENT,
    statement: 'folder',
    changes: { epoch: 1, previous: undefined, single: { ...single, label: SAMPLES.record.payload.label } },
    subject: { ...FIRST_CELL, records: [single] },
    disagreeing: [
      FIRST_CELL,
      { ...FIRST_CELL, records: [opened] },
      { ...FIRST_CELL, records: [{ ...single, version: 9 }] },
      { ...FIRST_CELL, records: [single], grants: [ids.grant] },
      { ...FIRST_CELL, records: [single], folder: ids.folder },
      { ...FIRST_CELL, records: [single], epoch: 2 },
    ],
  },
  'epoch-started': {
    ...BY_PATIENT,
    statement: 'folder',
    beside: ['extension'],
    subject: CARRIED,
    disagreeing: [
      ...eachChanged(CARRIED, { folder: ids.folder, epoch: 3, grants: [ids.grant] }),
      { ...CARRIED, grants: [...CARRIED.grants, ids.grant] },
      { ...CARRIED, records: [single] },
    ],
  },
  'record-filed': {
    ...BY_ANYONE,
    statement: 'record',
    subject: FILED,
    disagreeing: [
      ...eachChanged(FILED, { folder: ids.folder, epoch: 3, records: [other], grant: ids.grant }),
      { ...FILED, records: [{ ...FILED.records[0]!, version: 9 }] },
      { ...FILED, records: [...FILED.records, other] },
    ],
  },
  'record-deleted': {
    ...BY_PATIENT,
    statement: 'deletion',
    subject: { records: [{ record: deletion.payload.record, version: 3 }] },
    disagreeing: [{}, { records: [] }, { records: [other] }],
  },
  'access-requested': {
    ...BY_OTHERS,
    statement: 'request',
    subject: ASKED,
    disagreeing: eachChanged(ASKED, { request: ids.request, folders, purpose: 'HRESCH' }),
  },
  'request-denied': { ...BY_PATIENT, statement: 'denial', ...withRequest },
  'request-withdrawn': { ...BY_OTHERS, statement: 'withdrawal', ...withRequest },
  'access-granted': {
    ...BY_PATIENT,
    statement: 'grant',
    subject: GIVEN,
    disagreeing: eachChanged(GIVEN, { ...ids, folders, right: 'add', purpose: 'HRESCH' }),
  },
  'grant-extended': {
    ...BY_PATIENT,
    statement: 'extension',
    subject: EXTENDED,
    disagreeing: eachChanged(EXTENDED, { grant: ids.grant, folders }),
  },
  'grant-paused': { ...BY_PATIENT, statement: 'pause', ...withGrant },
  'grant-resumed': { ...BY_PATIENT, statement: 'resumption', ...withGrant },
  'grant-revoked': { ...BY_PATIENT, statement: 'revocation', ...withGrant },
  'grant-returned': { ...BY_OTHERS, statement: 'return', ...withGrant },
  'records-opened': {
    ...BY_ANYONE,
    statement: 'opening',
    subject: OPENING,
    disagreeing: [
      ...eachChanged(OPENING, { ...ids, opening: newId<OpeningId>(), epoch: OPENING.epoch + 1, records: [other] }),
      { ...OPENING, records: [] },
      { ...OPENING, records: [{ ...opened, version: opened.version + 1 }] },
      { ...OPENING, records: [opened, other] },
    ],
  },
};

/** Signs a statement of this kind about the patient, with the keys of `signer`. The signature is valid. */
const signed = async (kind: Kind, signer: TestSigner, changes: object = {}): Promise<Statement> => {
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

/** The things that a test gives the client beside an event: the evidence in the trail, and the statements of an entry of the patient's chain. */
interface Offered {
  readonly evidence?: string;
  readonly act?: readonly Statement[];
}
const verdict = (event: AuditEvent, { evidence, act }: Offered = {}) => {
  const find: FindInChain = (hash) => {
    const isNamed = act?.some((s) => s.hash === hash) === true;
    return Promise.resolve(isNamed ? ({ statements: act, voided: [] } as unknown as VerifiedEntry) : undefined);
  };
  return refusal(() => verifyEvidence(event, evidence, { find, service: request.payload.service }));
};
const REFUSED = 'unverified evidence';

/** Returns the statement as evidence, or with the further statements of its entry, as the kind of the event requires. */
const offer = async (kind: EventKind, statement: Statement): Promise<Offered> => {
  const { from, beside = [] } = EXPECTED[kind];
  if (from === 'trail') return { evidence: statement.jws };
  return { act: [statement, ...(await Promise.all(beside.map((k) => signed(k, patient))))] };
};

describe.each(EVENT_KINDS)('%s', (kind) => {
  const { actors, statement, from, changes, subject, disagreeing } = EXPECTED[kind];
  const [actor] = actors as [TestSigner];
  const own = (signer = actor) => signed(statement, signer, changes);

  test('has its cause in the table', () => {
    expect(EVENT_CAUSES[kind]).toMatchObject({ statement, from });
  });

  test.each([
    ['the patient', patient],
    ['another identity', clinician],
  ])('by %s is accepted only if that is its actor', async (_, signer) => {
    const made = await own(signer);
    const expected = actors.includes(signer) ? 'accepted' : REFUSED;
    const event = eventOf(kind, { actor: signer.id, statement: made.hash });
    expect(await verdict(event, await offer(kind, made))).toBe(expected);
  });

  test('is refused without its statement', async () => {
    const { hash } = await own();
    expect(await verdict(eventOf(kind, { statement: hash }))).toBe(REFUSED);
  });

  test('is refused with its statement in the wrong place', async () => {
    const made = await own();
    const offered = from === 'chain' ? { evidence: made.jws } : { act: [made] };
    expect(await verdict(eventOf(kind, { statement: made.hash }), offered)).toBe(REFUSED);
  });

  test('is accepted only with a statement of its own kind', async () => {
    for (const offered of Object.keys(KINDS) as Kind[]) {
      const made = offered === statement ? await own() : await signed(offered, actor);
      const expected = offered === statement ? 'accepted' : REFUSED;
      const event = eventOf(kind, { statement: made.hash });
      expect([offered, await verdict(event, await offer(kind, made))]).toEqual([offered, expected]);
    }
  });

  test('is refused if it names the hash of another statement', async () => {
    expect(await verdict(eventOf(kind), await offer(kind, await own()))).toBe(REFUSED);
  });

  test('is refused in the trail of another patient', async () => {
    const made = await own();
    const [theirs, by] = [stranger.id, actor === patient ? stranger.id : actor.id];
    const event = eventOf(kind, { patient: theirs, actor: by, statement: made.hash });
    expect(await verdict(event, await offer(kind, made))).toBe(REFUSED);
  });

  test('is refused if its subject does not agree with the statement', async () => {
    const made = await own();
    const offered = await offer(kind, made);
    expect(await verdict(eventOf(kind, { subject, statement: made.hash }), offered)).toBe('accepted');
    for (const wrong of disagreeing)
      expect([wrong, await verdict(eventOf(kind, { subject: wrong, statement: made.hash }), offered)]).toEqual([
        wrong,
        REFUSED,
      ]);
  });
});

const KINDS_FROM = (from: 'trail' | 'chain') => EVENT_KINDS.filter((kind) => EXPECTED[kind].from === from);

test.each(KINDS_FROM('trail'))('the statement of %s must be signed by the actor', async (kind) => {
  const { statement, changes } = EXPECTED[kind];
  const made = await signed(statement, stranger, changes);
  expect(await verdict(eventOf(kind, { statement: made.hash }), await offer(kind, made))).toBe(REFUSED);
});

test.each(KINDS_FROM('trail'))('the statement of %s must be about the patient of the trail', async (kind) => {
  const { statement, changes, actors } = EXPECTED[kind];
  const made = await signed(statement, actors.at(-1)!, { ...changes, patient: stranger.id });
  const event = eventOf(kind, { actor: actors.at(-1)!.id, statement: made.hash });
  expect(await verdict(event, await offer(kind, made))).toBe(REFUSED);
});

test('the statement of access-requested must name the service key of the deployment', async () => {
  const { statement, actors } = EXPECTED['access-requested'];
  const made = await signed(statement, actors[0]!, { service: toBase64url(fill(8, 33)) });
  const event = eventOf('access-requested', { statement: made.hash });
  expect(await verdict(event, await offer('access-requested', made))).toBe(REFUSED);
});

test.each(KINDS_FROM('chain'))('the trail may have the statement of %s too, and no other one', async (kind) => {
  const { statement, changes } = EXPECTED[kind];
  const made = await signed(statement, patient, changes);
  const event = eventOf(kind, { statement: made.hash });
  const offered = await offer(kind, made);
  expect(await verdict(event, { ...offered, evidence: made.jws })).toBe('accepted');
  const another = await signed('denial', patient);
  expect(await verdict(event, { ...offered, evidence: another.jws })).toBe(
    statement === 'denial' ? 'accepted' : REFUSED,
  );
});

test('an extension that came with a new cell has no event of its own', async () => {
  const [cell, made] = [await signed('folder', patient), await signed('extension', patient)];
  const event = eventOf('grant-extended', { statement: made.hash });
  expect(await verdict(event, { act: [made] })).toBe('accepted');
  expect(await verdict(event, { act: [cell, made] })).toBe(REFUSED);
});

test('docs/spec/audit.md has the same table', () => {
  const page = readFileSync(join(import.meta.dirname, '..', '..', 'docs', 'spec', 'audit.md'), 'utf8');
  const rows = [
    ...page.matchAll(
      /^\| (`[\w-]+`(?:, `[\w-]+`)*) \| ([^|]+) \| ([^|]+) \| (patient|others|anyone) \| the (entry|chain) \|$/gm,
    ),
  ];
  const listed = rows.flatMap(([, kinds = '', , statements = '', actor, place]) =>
    [...kinds.matchAll(/`([\w-]+)`/g)].map(([, kind], i) => {
      const named = statements.split(', ');
      return [kind, { actor, statement: named[i] ?? named[0], from: place === 'entry' ? 'trail' : place }];
    }),
  );
  expect(Object.fromEntries(listed)).toEqual(
    Object.fromEntries(
      Object.entries(EVENT_CAUSES).map(([kind, { actor, statement, from }]) => [kind, { actor, statement, from }]),
    ),
  );
});
