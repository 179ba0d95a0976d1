// Tests that use cases refuse statements that are signed correctly but contain wrong data. Each case changes one member of a call that is accepted.
import { sha256 } from '@noble/hashes/sha2.js';
import { beforeAll, describe, expect, test } from '@jest/globals';
import type { RouteName } from '../../../lib/api/routes.ts';
import { fromBase64url, toBase64url } from '../../../lib/bytes/codec.ts';
import {
  newId,
  type FolderId,
  type GrantId,
  type OpeningId,
  type RecordId,
  type UploadId,
} from '../../../lib/bytes/ids.ts';
import { type Patient, type Recipient, type RecordInfo } from '../../../lib/client/index.ts';
import type { DeviceKeys } from '../../../lib/identity/key-derivation.ts';
import { identityPayload } from '../../../lib/identity/identity-statement.ts';
import type { Kind, Payload, Statement } from '../../../lib/statements/kinds.ts';
import { signStatement } from '../../../lib/statements/sign.ts';
import { generateKFrags, type KFragInput } from '../../../lib/umbral/delegator.ts';
import { encodeKFrag, kfragId } from '../../../lib/umbral/kfrag.ts';
import { publicKeyOf } from '../../../lib/umbral/keys.ts';
import { bytesOf, newPerson, patientOf, recipientOf, then, type Person } from '../flows/people.ts';
import { makeService } from '../../support/in-process.ts';
import { signedRequest } from '../raw-calls.ts';
import { companionsOf } from '../../usecases/people.ts';
import { hashOfLabel, hashOfWrap } from '../../support/wraps.ts';

let now = Date.now();
const service = makeService({ env: process.env, clock: () => now });
const at = { origin: service.origin, fetch: service.fetch, clock: () => now };

interface Outcome {
  readonly status: number;
  readonly code?: string;
  readonly member?: string;
  readonly reason?: string;
}
const call = async (
  keys: DeviceKeys,
  route: RouteName,
  params: Record<string, string>,
  body?: unknown,
): Promise<Outcome> => {
  const answer = await service.fetch(await signedRequest(at, keys, { route, params, body }, now));
  const { code, member, reason } = (await answer.json()) as Outcome;
  return { status: answer.status, ...(code && { code }), ...(member && { member }), ...(reason && { reason }) };
};
const sign = async <K extends Kind>(kind: K, payload: Payload<K>, keys: DeviceKeys): Promise<Statement<K>> =>
  signStatement(kind, payload, keys);

let patientPerson: Person;
let recipientPerson: Person;
let patient: Patient;
let recipient: Recipient;
let other: Patient;
let otherPerson: Person;
beforeAll(async () => {
  [patientPerson, recipientPerson, otherPerson] = [newPerson(), newPerson(), newPerson()];
  patient = patientOf(patientPerson, at);
  recipient = recipientOf(recipientPerson, at);
  other = patientOf(otherPerson, at);
  for (const who of [patient, recipient, other]) await who.register();
});

describe('register', () => {
  const facts = (person: Person) => ({
    keys: person.keys,
    nextIdentityKey: new Uint8Array(32),
    number: 1,
    receivingNumber: 1,
    now,
  });
  const refused = async (
    change: (p: Payload<'identity'>) => Payload<'identity'>,
    person = newPerson(),
  ): Promise<Outcome> => {
    const statement = await sign('identity', change(identityPayload(facts(person))), person.keys);
    return call(person.keys, 'register', { id: person.keys.id }, { statement: statement.jws });
  };

  test('accepts the first and the second statement, and refuses outdated ones and a wrong `next`', async () => {
    const person = newPerson();
    const first = await sign('identity', identityPayload(facts(person)), person.keys);
    const put = (jws: string) => call(person.keys, 'register', { id: person.keys.id }, { statement: jws });
    expect(await put(first.jws)).toMatchObject({ status: 201 });
    const next = await sign(
      'identity',
      identityPayload({ ...facts(person), number: 2, previous: first.hash, name: 'Clinic' }),
      person.keys,
    );
    expect(await put(next.jws)).toMatchObject({ status: 201 });
    // The first statement is now outdated, and so is another statement with number 2.
    expect(await put(first.jws)).toMatchObject({ code: 'statement-outdated' });
    const fork = await sign(
      'identity',
      identityPayload({ ...facts(person), number: 2, previous: first.hash, name: 'Else' }),
      person.keys,
    );
    expect(await put(fork.jws)).toMatchObject({ code: 'statement-outdated' });
    const successor = await sign(
      'identity',
      identityPayload({
        ...facts(person),
        nextIdentityKey: new Uint8Array(32).fill(1),
        number: 3,
        previous: next.hash,
      }),
      person.keys,
    );
    expect(await put(successor.jws)).toMatchObject({ code: 'statement-invalid', member: 'next' });
  });
  test("refuses a key off the curve, somebody else's receiving key and a first statement with number 2", async () => {
    const foreign = identityPayload(facts(newPerson()));
    expect(await refused((p) => ({ ...p, kfragSigner: toBase64url(new Uint8Array(33)) }))).toMatchObject({
      member: 'kfragSigner',
    });
    expect(await refused((p) => ({ ...p, receiving: foreign.receiving }))).toMatchObject({
      code: 'statement-invalid',
      member: 'receiving',
    });
    expect(await refused((p) => ({ ...p, number: 2 }))).toMatchObject({ code: 'statement-outdated' });
  });
  test('refuses a statement of another identity', async () => {
    const [a, b] = [newPerson(), newPerson()];
    const statement = await sign('identity', identityPayload(facts(a)), a.keys);
    expect(await call(b.keys, 'register', { id: a.keys.id }, { statement: statement.jws })).toMatchObject({
      member: 'id',
    });
  });
});

describe('grants', () => {
  let folder: Statement<'folder'>;
  let foreign: Statement<'folder'>;
  beforeAll(async () => {
    folder = (await patient.createFolder({ name: 'a', category: 'other' })).statement;
    foreign = (await other.createFolder({ name: 'b', category: 'other' })).statement;
  });

  interface Changes {
    readonly delegation?: Partial<KFragInput>;
    readonly cell?: (c: Payload<'grant'>['cells'][number]) => Payload<'grant'>['cells'][number];
    readonly payload?: (p: Payload<'grant'>) => Payload<'grant'>;
    readonly kfrag?: (bytes: Uint8Array) => Uint8Array;
    readonly of?: () => Statement<'folder'>;
    readonly params?: string;
  }
  const attempt = async (changes: Changes = {}): Promise<Outcome> => {
    const { keys } = patientPerson;
    const { folder: id, epoch, salt, key } = (changes.of?.() ?? folder).payload;
    const receiving = recipientPerson.keys.receiving(1);
    const [kfrag] = generateKFrags({
      delegating: keys.folderKey(id, epoch, fromBase64url(salt)),
      receiving: publicKeyOf(receiving),
      signer: keys.kfragSigner,
      threshold: 1,
      shares: 1,
      ...changes.delegation,
    });
    const bytes = changes.kfrag?.(encodeKFrag(kfrag!)) ?? encodeKFrag(kfrag!);
    const plain = { folder: id, epoch, key, statement: (changes.of?.() ?? folder).hash };
    const cell = {
      ...plain,
      kfrags: [{ proxy: 'service' as const, id: toBase64url(kfragId(kfrag!)), hash: toBase64url(sha256(bytes)) }],
    };
    const identity = identityPayload({
      keys: recipientPerson.keys,
      nextIdentityKey: new Uint8Array(32),
      number: 1,
      receivingNumber: 1,
      now,
    });
    const payload: Payload<'grant'> = {
      grant: newId<GrantId>(),
      patient: keys.id,
      recipient: recipientPerson.keys.id,
      receiving: { number: 1, key: identity.receiving.key },
      right: 'read',
      cells: [changes.cell?.(cell) ?? cell],
      inbox: identity.inbox,
      companions: companionsOf(1),
      notBefore: now,
      expires: now + 60_000,
      purpose: 'TREAT',
      threshold: 1,
      proxies: [{ id: 'service' }],
      issued: now,
    };
    const statement = await sign('grant', changes.payload?.(payload) ?? payload, keys);
    const body = { statement: statement.jws, kfrags: [toBase64url(bytes)] };
    return call(keys, 'grant-access', { grantId: changes.params ?? statement.payload.grant }, body);
  };

  test('stores a correct grant', async () => {
    expect(await attempt()).toEqual({ status: 201 });
  });
  test.each<[string, Changes, Partial<Outcome>]>([
    ['a cell of another patient', { of: () => foreign }, { code: 'not-found' }],
    ['a cell that does not exist', { cell: (c) => ({ ...c, epoch: 2 }) }, { code: 'not-found' }],
    [
      'a wrong key of the cell',
      { cell: (c) => ({ ...c, key: foreign.payload.key }) },
      { code: 'statement-invalid', member: 'cells' },
    ],
    [
      'a wrong folder statement for the cell',
      { cell: (c) => ({ ...c, statement: foreign.hash }) },
      { code: 'statement-invalid', member: 'cells' },
    ],
    [
      'a key fragment of another cell',
      { delegation: { delegating: newPerson().keys.receiving(1) } },
      { code: 'kfrag-invalid' },
    ],
    [
      'a key fragment for another recipient',
      { delegation: { receiving: publicKeyOf(newPerson().keys.receiving(1)) } },
      { code: 'kfrag-invalid' },
    ],
    [
      'a key fragment by another signer',
      { delegation: { signer: newPerson().keys.kfragSigner } },
      { code: 'kfrag-invalid' },
    ],
    [
      'a key fragment not signed for the delegating key',
      { delegation: { signDelegating: false } },
      { code: 'kfrag-invalid' },
    ],
    [
      'a key fragment not signed for the receiving key',
      { delegation: { signReceiving: false } },
      { code: 'kfrag-invalid' },
    ],
    ['an altered key fragment', { kfrag: (b) => b.with(80, b[80]! ^ 1) }, { code: 'kfrag-invalid' }],
    [
      'a wrong hash of the key fragment',
      { cell: (c) => ({ ...c, kfrags: [{ ...c.kfrags[0]!, hash: c.statement }] }) },
      { code: 'kfrag-invalid' },
    ],
    [
      'a wrong id of the key fragment',
      { cell: (c) => ({ ...c, kfrags: [{ ...c.kfrags[0]!, id: c.statement }] }) },
      { code: 'kfrag-invalid' },
    ],
    [
      'a receiving key that is not current',
      { payload: (p) => ({ ...p, receiving: { ...p.receiving, number: 2 } }) },
      { member: 'receiving' },
    ],
    [
      'a recipient who is not registered',
      { payload: (p) => ({ ...p, recipient: newPerson().keys.id }) },
      { code: 'not-found' },
    ],
    [
      'the inbox key of another identity',
      { payload: (p) => ({ ...p, inbox: toBase64url(newPerson().keys.inbox().publicKey) }) },
      { code: 'statement-invalid', member: 'inbox' },
    ],
    [
      'companion seeds for two cells',
      { payload: (p) => ({ ...p, companions: companionsOf(2) }) },
      { code: 'statement-invalid', member: 'companions' },
    ],
    ['the patient as recipient', { payload: (p) => ({ ...p, recipient: p.patient }) }, { member: 'recipient' }],
    [
      'an `expires` in the past',
      { payload: (p) => ({ ...p, notBefore: now - 2000, expires: now - 1 }) },
      { member: 'expires' },
    ],
    ['a grant id that differs from the path', { params: newId<GrantId>() }, { member: 'grant' }],
  ])('refuses %s', async (_, changes, expected) => {
    expect(await attempt(changes)).toMatchObject(expected);
  });
});

describe('commit', () => {
  let record: RecordInfo;
  let folder: FolderId;
  beforeAll(async () => {
    folder = (await patient.createFolder({ name: 'c', category: 'other' })).id;
    record = await patient.file(folder, bytesOf(10), {});
  });
  const metadata = new Uint8Array(528);
  const attempt = async (
    change: (p: Payload<'record'>) => Payload<'record'>,
    {
      capsule = new Uint8Array(105),
      meta = metadata,
      keys = patientPerson.keys,
    }: { capsule?: Uint8Array; meta?: Uint8Array; keys?: DeviceKeys } = {},
  ): Promise<Outcome> => {
    const [companionCiphertext, wrappedKey, label] = [1120, 48, 272].map((n) => toBase64url(new Uint8Array(n))) as [
      string,
      string,
      string,
    ];
    const wrap = { capsule: toBase64url(capsule), companionCiphertext, wrappedKey, label };
    const payload = change({
      ...record.statement.payload,
      metadata: toBase64url(sha256(metadata)),
      wrap: hashOfWrap(wrap),
      label: hashOfLabel(wrap),
    });
    const statement = await sign('record', payload, keys);
    const body = {
      statement: statement.jws,
      upload: newId<UploadId>(),
      metadata: toBase64url(meta),
      wrap,
    };
    return call(keys, 'commit-record', { recordId: record.record, version: '1' }, body);
  };

  test('refuses a body that differs from the statement, and an invalid capsule', async () => {
    expect(await attempt((p) => p)).toMatchObject({ code: 'capsule-invalid' });
    expect(await attempt((p) => ({ ...p, record: newId<RecordId>() }))).toMatchObject({ member: 'record' });
    expect(await attempt((p) => ({ ...p, version: 2, previous: p.wrap }))).toMatchObject({ member: 'version' });
    expect(await attempt((p) => ({ ...p, wrap: p.metadata }))).toMatchObject({ member: 'wrap' });
    expect(await attempt((p) => p, { meta: new Uint8Array(528).fill(1) })).toMatchObject({ member: 'metadata' });
    expect(await attempt((p) => ({ ...p, author: other.id }), { keys: otherPerson.keys })).toMatchObject({
      code: 'capsule-invalid',
    });
  });
});

describe('openings', () => {
  const setUp = async (openings?: number) => {
    const folder = await patient.createFolder({ name: 'o', category: 'other' });
    const record = await patient.file(folder.id, bytesOf(10), {});
    const [{ id }] = await patient.grant({
      recipient: recipient.id,
      folders: [folder.id],
      purpose: 'TREAT',
      durationSeconds: 3600,
      ...(openings === undefined ? {} : { openings }),
    });
    const grant = await recipient.grant(id);
    const payload: Payload<'opening'> = {
      opening: newId<OpeningId>(),
      patient: patient.id,
      opener: recipient.id,
      grant: id,
      folder: folder.id,
      epoch: 1,
      records: [{ record: record.record, version: 1 }],
      when: now,
    };
    const open = async (
      change: Partial<Payload<'opening'>> = {},
      keys = recipientPerson.keys,
      path = payload.opening,
    ): Promise<Outcome> => {
      const statement = await sign('opening', { ...payload, ...change }, keys);
      return call(keys, 'recapsulate', { openingId: path }, { statement: statement.jws });
    };
    return { open, payload, grant, record };
  };
  const used = async (id: GrantId): Promise<number> => (await recipient.grant(id)).used;

  test('answers a repeated opening without counting it for ten minutes, even if it was the last; then refuses it', async () => {
    const { open, grant } = await setUp(1);
    expect(await open()).toEqual({ status: 200 });
    expect(await open()).toEqual({ status: 200 });
    expect(await used(grant.id)).toBe(1);
    expect(await open({ when: now - 1 })).toMatchObject({ code: 'already-exists' });
    now += 10 * 60_000 + 1;
    expect(await open()).toMatchObject({ code: 'already-exists' });
    now += 60_000;
    expect(await open()).toMatchObject({ code: 'statement-invalid', member: 'when' });
    expect(await open({ when: now, opening: newId<OpeningId>() }, recipientPerson.keys)).toMatchObject({
      member: 'opening',
    });
  });
  test('refuses a repeated opening after the revocation', async () => {
    const { open, grant } = await setUp();
    expect(await open()).toEqual({ status: 200 });
    await patient.revoke(grant);
    expect(await open()).toMatchObject({ code: 'grant-ended', reason: 'revoked' });
  });
  test('does not count a refused opening, and writes no event for it', async () => {
    const { open, payload, grant, record } = await setUp();
    const before = (await patient.audit()).length;
    const one = payload.records[0]!;
    expect(await open({ records: [one, one] })).toMatchObject({ member: 'records' });
    expect(await open({ records: [one, { ...one, version: 2 }] })).toMatchObject({ code: 'not-found' });
    expect(await open({ epoch: 2 })).toMatchObject({ code: 'not-found' });
    expect(await open({ patient: other.id })).toMatchObject({ code: 'not-found' });
    expect(await open({ opener: other.id }, otherPerson.keys)).toMatchObject({ code: 'not-found' });
    expect(await open({ when: now + 60_001 })).toMatchObject({ member: 'when' });
    expect(await used(grant.id)).toBe(0);
    expect(await patient.audit()).toHaveLength(before);
    await then.opens(recipient, grant, [record]);
    expect(await used(grant.id)).toBe(1);
  });
  test("refuses an opening from the millisecond in which the grant expires, by the service's clock", async () => {
    const { open, grant } = await setUp();
    const end = grant.expires;
    now = end - 1;
    expect(await open({ when: now })).toEqual({ status: 200 });
    now = end;
    expect(await open({ when: now, opening: newId<OpeningId>() }, recipientPerson.keys)).toMatchObject({
      member: 'opening',
    });
    expect(await open({ when: now })).toMatchObject({ code: 'already-exists' });
    const again = newId<OpeningId>();
    expect(await open({ when: now, opening: again }, recipientPerson.keys, again)).toMatchObject({
      code: 'grant-ended',
      reason: 'expired',
    });
    now = Date.now();
  });
});
