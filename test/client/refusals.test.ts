// Tests everything that the client verifies: for each check, the service lies only in what this check verifies.
import { describe, expect, test } from '@jest/globals';
import { concat } from '../../lib/bytes/binary.ts';
import { fromBase64url, toBase64url, utf8 } from '../../lib/bytes/codec.ts';
import {
  newId,
  type FolderId,
  type GrantId,
  type IdentityId,
  type RecordId,
  type RequestId,
} from '../../lib/bytes/ids.ts';
import { createPatient, createRecipient } from '../../lib/client/index.ts';
import type { GrantWithCells } from '../../lib/client/access/verify-grant.ts';
import { sealSeeds, type SeedsContext } from '../../lib/envelope/companion-seeds.ts';
import { sealText } from '../../lib/envelope/sealed-text.ts';
import { fileKeyCipher } from '../../lib/envelope/wrap-keys.ts';
import { decapsulator } from '../../lib/envelope/x-wing.ts';
import type { DeviceKeys } from '../../lib/identity/key-derivation.ts';
import type { Kind, Payload, Statement } from '../../lib/statements/kinds.ts';
import { signStatement } from '../../lib/statements/sign.ts';
import { generateKFrags } from '../../lib/umbral/delegator.ts';
import { encodeCapsule } from '../../lib/umbral/capsule.ts';
import { decodePublicKey, encodePublicKey, publicKeyOf } from '../../lib/umbral/keys.ts';
import { encapsulate } from '../../lib/umbral/sender.ts';
import { decodeCapsule, encodeCFrag, reencrypt } from '../../lib/umbral/proxy.ts';
import { fill, rawJws } from '../statements/samples.ts';
import { problem } from './prepared-answers.ts';
import { pendingRequest, DAY, granted, people, readAll, TEXT } from './main-job-story.ts';
import { KEYS, refusal } from './clients.ts';
import { openOwnWrap, wrapOf } from '../support/wraps.ts';

// eslint-disable-next-line @typescript-eslint/no-explicit-any -- a false answer can have any shape
type Any = any;

const resigned = async <K extends Kind>(
  statement: Statement<K>,
  change: Partial<Payload<K>>,
  keys: DeviceKeys = KEYS.patient,
): Promise<Statement<K>> => signStatement(statement.kind, { ...statement.payload, ...change } as Payload<K>, keys);

const flipped = (text: string, at = 10): string => {
  const bytes = fromBase64url(text);
  bytes[at]! ^= 1;
  return toBase64url(bytes);
};

/** Seals one companion seed to the clinician, as the patient does. The default is a seed of no cell. */
const seedsFor = (
  context: { readonly patient: IdentityId; readonly grant: GrantId } & Partial<SeedsContext>,
  seed = fill(8, 32),
): string => {
  const full = { recipient: KEYS.clinician.id, extension: 0, ...context };
  return toBase64url(sealSeeds([seed], KEYS.clinician.inbox().publicKey, full));
};

/** Sets up a grant, and functions that make one route lie. */
const lying = async () => {
  const story = await granted();
  const lie = (route: string, change: (answer: Any) => unknown): void => {
    story.service.state.lie = (called, answer) => (called === route ? change(answer) : undefined);
  };
  const opens = async () => {
    const [opened] = await story.clinician.open(story.grant, [story.record]);
    return readAll(opened!.stream());
  };
  /** Replaces members of the opened records. */
  const opened = (change: (record: Any) => object): void => {
    lie('recapsulate', (a) => ({ records: a.records.map((r: object) => ({ ...r, ...change(r) })) }));
  };
  /** The clinician with a new device, which remembers no grant. */
  const fresh = () => createRecipient(story.optionsOf('clinician'));
  return { ...story, lie, opens, opened, fresh };
};

test('(control) opens a record if the service does not lie', async () => {
  const { opens } = await lying();
  expect(await opens()).toEqual(TEXT);
});

describe('an opened record', () => {
  test('is refused if another identity signed it, although the service calls that one the author', async () => {
    const { record, opened, opens } = await lying();
    const forged = await resigned(record.statement, { author: KEYS.stranger.id }, KEYS.stranger);
    opened(() => ({ statement: forged.jws }));
    expect(await refusal(opens)).toBe('unverified author');
  });

  test('is refused if its author is a recipient without a grant to write', async () => {
    const { record, opened, opens, grant } = await lying();
    const named = { id: grant.id, hash: grant.statement.hash };
    const byRecipient = await resigned(record.statement, { author: KEYS.clinician.id, grant: named }, KEYS.clinician);
    opened(() => ({ statement: byRecipient.jws, grant: grant.statement.jws }));
    expect(await refusal(opens)).toBe('unverified author');
    const named2 = await resigned(record.statement, { grant: named });
    opened(() => ({ statement: named2.jws, grant: grant.statement.jws }));
    expect(await refusal(opens)).toBe('unverified author');
  });

  test.each<[string, Partial<Payload<'record'>>]>([
    ['of another record', { record: newId<RecordId>() }],
    ['of another folder', { folder: newId<FolderId>() }],
    ['of another version', { version: 2, previous: toBase64url(fill(1, 32)) }],
    ['of another patient', { patient: KEYS.stranger.id }],
    ['of another digest, signed by the same author', { digest: toBase64url(fill(1, 32)) }],
  ])('%s is refused', async (_, change) => {
    const { record, opened, opens } = await lying();
    const other = await resigned(record.statement, change);
    opened(() => ({ statement: other.jws }));
    expect(await refusal(opens)).toBe('unverified record');
  });

  test('is refused if its signature is wrong', async () => {
    const { opened, opens } = await lying();
    opened((r) => {
      const [head, payload, signature] = r.statement.split('.');
      return { statement: `${head}.${payload}.${flipped(signature)}` };
    });
    expect(await refusal(opens)).toBe('unverified author');
  });

  test('is refused if its metadata are altered, or those of another record', async () => {
    const { opened, opens, service, records } = await lying();
    opened((r) => ({ metadata: flipped(r.metadata) }));
    expect(await refusal(opens)).toBe('unverified metadata');
    opened(() => ({ metadata: service.records.get(records[1]!.record)!.metadata }));
    expect(await refusal(opens)).toBe('unverified metadata');
  });

  test('is refused if its capsule is altered', async () => {
    const { opened, opens } = await lying();
    opened((r) => ({ wrap: { ...r.wrap, capsule: flipped(r.wrap.capsule, 90) } }));
    expect(await refusal(opens)).toBe('unverified capsule');
  });

  test('is refused if its capsule is that of another record', async () => {
    const { opened, opens, service, records } = await lying();
    const { capsule } = service.records.get(records[1]!.record)!.wrap;
    opened((r) => ({ wrap: { ...r.wrap, capsule } }));
    expect(await refusal(opens)).toBe('unverified cfrag');
  });

  test.each(['companionCiphertext', 'wrappedKey'])('is refused if its %s is altered', async (part) => {
    const { opened, opens } = await lying();
    opened((r) => ({ wrap: { ...r.wrap, [part]: flipped(r.wrap[part], 40) } }));
    expect(await refusal(opens)).toBe('unverified wrap');
  });

  test.each<[string, object]>([
    ['no companion ciphertext', { companionCiphertext: undefined }],
    ['a shorter companion ciphertext', { companionCiphertext: toBase64url(new Uint8Array(1119)) }],
    ['the wrapped key of a wrap without a companion key', { wrappedKey: toBase64url(new Uint8Array(72)) }],
    ['no label', { label: undefined }],
  ])('is refused if its wrap has %s, for recipient and patient', async (_, change) => {
    const { opened, opens, patient, record } = await lying();
    opened((r) => ({ wrap: { ...r.wrap, ...change } }));
    expect(await refusal(opens)).toBe('bad-answer');
    expect(await refusal(() => patient.open([record]))).toBe('bad-answer');
  });

  test('is refused if its wrap is sealed to the cell key alone, with a guessed companion secret', async () => {
    const { opened, opens, record, grant } = await lying();
    const stranger = { ...grant.cells[0]!.statement.payload, companion: toBase64url(KEYS.stranger.inbox().publicKey) };
    const made = wrapOf(fill(7, 32), { ...grant.cells[0]!.statement, payload: stranger }, record);
    opened((r) => ({
      wrap: { ...r.wrap, wrappedKey: made.wrappedKey, companionCiphertext: made.companionCiphertext },
    }));
    expect(await refusal(opens)).toBe('unverified wrap');
  });

  test('is refused if its wrap opens with the cell key alone', async () => {
    const { opened, patient, record, grant } = await lying();
    const cell = grant.cells[0]!.statement;
    const { folder, epoch, key } = cell.payload;
    opened(({ wrap }) => {
      const { capsule, key: umbral } = encapsulate(decodePublicKey(fromBase64url(key)));
      const fileKey = openOwnWrap(wrap, { keys: KEYS.patient, cell, version: record });
      const parts = concat(encodeCapsule(capsule), fromBase64url(wrap.companionCiphertext));
      const context = { patient: record.patient, record: record.record, version: record.version, folder, epoch };
      const cipher = fileKeyCipher({ umbral, companion: new Uint8Array(32) }, parts, context);
      const wrappedKey = toBase64url(cipher.encrypt(fileKey));
      return { wrap: { ...wrap, capsule: toBase64url(encodeCapsule(capsule)), wrappedKey } };
    });
    expect(await refusal(() => patient.open([record]))).toBe('unverified wrap');
  });

  test('is refused if its wrap contains another file key', async () => {
    const { opened, patient, record, grant } = await lying();
    const cell = grant.cells[0]!.statement;
    const { folder, epoch, key } = cell.payload;
    opened(({ wrap }) => {
      const { capsule, key: umbral } = encapsulate(decodePublicKey(fromBase64url(key)));
      const ciphertext = fromBase64url(wrap.companionCiphertext);
      const { salt } = cell.payload;
      const seed = KEYS.patient.companionSeed(folder, epoch, fromBase64url(salt));
      const companion = decapsulator(seed).decapsulate(ciphertext);
      const context = { patient: record.patient, record: record.record, version: record.version, folder, epoch };
      const cipher = fileKeyCipher({ umbral, companion }, concat(encodeCapsule(capsule), ciphertext), context);
      const wrappedKey = toBase64url(cipher.encrypt(fill(7, 32)));
      return { wrap: { ...wrap, capsule: toBase64url(encodeCapsule(capsule)), wrappedKey } };
    });
    expect(await refusal(() => patient.open([record]))).toBe('unverified commit');
  });

  test('is refused if its wrap is that of another record, because it is bound to its record', async () => {
    const { opened, opens, clinician, grant, records, service } = await lying();
    let other: unknown;
    service.state.lie = (route, a) => {
      if (route === 'recapsulate') other = a.records[0].wrap;
      return undefined;
    };
    await clinician.open(grant, [records[1]!]);
    opened(() => ({ wrap: other }));
    expect(await refusal(opens)).toBe('unverified wrap');
  });

  test('is refused if its wrap was made without the file key', async () => {
    const { opened, opens, grant, records } = await lying();
    const { cell } = grant.cells[0]!;
    const made = wrapOf(fill(7, 32), grant.cells[0]!.statement, records[0]!);
    const salt = fromBase64url(grant.cells[0]!.statement.payload.salt);
    const [kfrag] = generateKFrags({
      delegating: KEYS.patient.folderKey(cell.folder, cell.epoch, salt),
      receiving: publicKeyOf(KEYS.clinician.receiving(1)),
      signer: KEYS.patient.kfragSigner,
      threshold: 1,
      shares: 1,
    });
    const cfrags = [toBase64url(encodeCFrag(reencrypt(decodeCapsule(fromBase64url(made.capsule)), kfrag!)))];
    opened(() => ({ wrap: { ...made, cfrags } }));
    // The patient made this key fragment, but the grant does not name it.
    expect(await refusal(opens)).toBe('unverified kfrag-id');
  });

  test.each<[string, (cfrags: string[]) => object]>([
    ['no fragment', () => ({})],
    ['an empty list of fragments', () => ({ cfrags: [] })],
    ['two fragments', ([c]) => ({ cfrags: [c, c] })],
    ['a fragment that cannot be decoded', () => ({ cfrags: [toBase64url(fill(1, 381))] })],
    ['a fragment with an altered proof', ([c]) => ({ cfrags: [flipped(c!, 300)] })],
    ['a fragment with an altered signature', ([c]) => ({ cfrags: [flipped(c!, 340)] })],
  ])('with %s is refused', async (_, change) => {
    const { opened, opens } = await lying();
    opened(({ wrap: { cfrags, ...wrap } }) => ({ wrap: { ...wrap, ...change(cfrags) } }));
    expect(await refusal(opens)).toBe('unverified cfrag');
  });

  test('is refused if its fragment is of another grant to the same recipient', async () => {
    const { opened, opens, clinician, patient, record, first, service } = await lying();
    const [made] = await patient.grant({
      recipient: clinician.id,
      folders: [first.id],
      purpose: 'TREAT',
      durationSeconds: DAY,
    });
    const { id } = made;
    const second = await clinician.grant(id, patient.id);
    let cfrags: unknown;
    service.state.lie = (route, a) => {
      if (route === 'recapsulate') ({ cfrags } = a.records[0].wrap);
      return undefined;
    };
    await clinician.open(second, [record]);
    opened((r) => ({ wrap: { ...r.wrap, cfrags } }));
    expect(await refusal(opens)).toBe('unverified kfrag-id');
  });

  test('is refused if the service returns other records than asked for, or fewer', async () => {
    const { lie, clinician, grant, records } = await lying();
    lie('recapsulate', (a) => ({ records: a.records.slice(1) }));
    expect(await refusal(() => clinician.open(grant, records.slice(0, 2)))).toBe('bad-answer');
    lie('recapsulate', (a) => ({ records: a.records.toReversed() }));
    expect(await refusal(() => clinician.open(grant, records.slice(0, 2)))).toBe('unverified wrap');
  });

  test('is not requested through a grant that does not cover its folder', async () => {
    const { clinician, patient, record, second, service } = await lying();
    const [made] = await patient.grant({
      recipient: clinician.id,
      folders: [second.id],
      purpose: 'TREAT',
      durationSeconds: DAY,
    });
    const { id } = made;
    const grant = await clinician.grant(id);
    const before = service.calls.length;
    expect(await refusal(() => clinician.open(grant, [record]))).toBe('unknown-cell');
    expect(service.calls).toHaveLength(before);
  });
});

describe('a body', () => {
  const withBlob = async (change: (blob: Uint8Array) => Uint8Array) => {
    const story = await lying();
    const { upload } = story.service.records.get(story.record.record)!;
    story.service.setBlob(upload, change(story.service.blobOf(upload).slice()));
    return story.opens;
  };
  const alter = (at: number) => (blob: Uint8Array) => {
    blob[at]! ^= 1;
    return blob;
  };

  test.each<[string, (blob: Uint8Array) => Uint8Array]>([
    ['that is altered', alter(3)],
    ['that is altered in its last byte', (b) => alter(b.length - 1)(b)],
    ['that ends too early', (b) => b.slice(0, -1)],
    ['that is empty', () => new Uint8Array(0)],
    ['that has an extra byte', (b) => Uint8Array.of(...b, 0)],
  ])('%s is refused', async (_, change) => {
    expect(await refusal(await withBlob(change))).toBe('unverified blob');
  });

  test('of another record is refused', async () => {
    const { service, record, records, opens } = await lying();
    const other = service.records.get(records[1]!.record)!.upload;
    service.setBlob(service.records.get(record.record)!.upload, service.blobOf(other));
    expect(await refusal(opens)).toBe('unverified blob');
  });

  test('is refused at its end if its digest is not the signed one, although every tag is right', async () => {
    const { patient, clinician, grant, first, service } = await lying();
    // The author signs a digest that is not the digest of the blob.
    service.state.before = () => undefined;
    const record = await patient.file(first.id, TEXT, {});
    const stored = service.records.get(record.record)!;
    const statement = await resigned(stored.statement, { digest: toBase64url(fill(1, 32)) });
    service.records.set(record.record, { ...stored, statement });
    const [listed] = (await clinician.listRecords(grant, first.id)).filter((r) => r.record === record.record);
    const [opened] = await clinician.open(grant, [listed!]);
    expect(await refusal(() => readAll(opened!.stream()))).toBe('unverified digest');
  });

  test('that breaks off causes download-failed, and no shorter record', async () => {
    const { service, opens } = await lying();
    service.state.storage = () =>
      new Response(
        new ReadableStream<Uint8Array>({
          start: (c) => c.enqueue(fill(1, 5)),
          pull: (c) => c.error(new TypeError('terminated')),
        }),
      );
    expect(await refusal(opens)).toBe('download-failed');
  });

  test('that is aborted ends with the reason', async () => {
    const { clinician, grant, record, service } = await lying();
    const stop = new AbortController();
    const reason = new Error('enough');
    const [opened] = await clinician.open(grant, [record], { signal: stop.signal });
    service.state.storage = () => {
      stop.abort(reason);
      throw reason;
    };
    await expect(readAll(opened!.stream())).rejects.toBe(reason);
  });

  test('whose URL cannot be renewed ends with the refusal', async () => {
    const { clinician, grant, record, service } = await lying();
    const [opened] = await clinician.open(grant, [record]);
    service.state.storage = () => new Response('', { status: 403 });
    service.state.before = () => problem(403, 'grant-ended', { reason: 'revoked' });
    expect(await refusal(() => readAll(opened!.stream()))).toBe('grant-ended');
  });
});

describe('a listed record', () => {
  test.each(['patient', 'clinician'] as const)('is verified by the %s', async (who) => {
    const { lie, patient, clinician, grant, first, record } = await lying();
    const list = () => (who === 'patient' ? patient.listRecords(first.id) : clinician.listRecords(grant, first.id));
    expect(await refusal(list)).toBe('accepted');
    const one = (change: object) => {
      lie('list-records', (a) => ({ records: [{ ...a.records[0], ...change }] }));
    };

    one({ statement: (await resigned(record.statement, { author: KEYS.stranger.id }, KEYS.stranger)).jws });
    expect(await refusal(list)).toBe('unverified author');
    one({ statement: (await resigned(record.statement, { folder: newId<FolderId>() })).jws });
    expect(await refusal(list)).toBe('unverified record');
    one({ statement: (await resigned(record.statement, { patient: KEYS.stranger.id })).jws });
    expect(await refusal(list)).toBe('unverified record');
    one({ metadata: toBase64url(fill(1, 528)) });
    expect(await refusal(list)).toBe('unverified metadata');
  });
});

describe('a grant', () => {
  test('is refused if the patient did not sign it', async () => {
    const { lie, patient, grant, fresh } = await lying();
    const forged = await resigned(grant.statement, { patient: KEYS.stranger.id }, KEYS.stranger);
    lie('get-grant', (a) => ({ ...a, statement: forged.jws }));
    expect(await refusal(() => fresh().grant(grant.id, patient.id))).toBe('unverified grant');
    // If the call does not name the patient, the client accepts any signer of the grant. Then the folder statements do not match.
    expect(await refusal(() => fresh().grant(grant.id))).toBe('unverified folder');
  });

  test('is refused if it is not the one asked for', async () => {
    const { lie, clinician, grant } = await lying();
    const other = await resigned(grant.statement, { grant: newId<GrantId>() });
    lie('get-grant', (a) => ({ ...a, statement: other.jws }));
    expect(await refusal(() => clinician.grant(grant.id))).toBe('unverified grant');
  });

  test('is refused if it is for another recipient', async () => {
    const { lie, clinician, grant } = await lying();
    const other = await resigned(grant.statement, { recipient: KEYS.stranger.id });
    lie('get-grant', (a) => ({ ...a, statement: other.jws }));
    expect(await refusal(() => clinician.grant(grant.id))).toBe('not-mine');
    lie('list-grants', (a) => ({ grants: [{ ...a.grants[0], statement: other.jws }] }));
    expect(await refusal(() => clinician.listGrants())).toBe('not-mine');
  });

  test('is refused in the list of the wrong role', async () => {
    const { lie, clinician, patient, grant, optionsOf, fresh } = await lying();
    const mine = await resigned(grant.statement, { patient: clinician.id, recipient: patient.id }, KEYS.clinician);
    const view = { state: 'active', used: 0, extensions: 0, tip: mine.hash, holds: 0 };
    lie('list-grants', () => ({ grants: [{ ...view, statement: mine.jws }] }));
    expect(await refusal(() => fresh().listGrants())).toBe('not-mine');
    expect(await refusal(() => patient.listGrants())).toBe('unverified grant');
    expect(await refusal(() => createRecipient(optionsOf('patient')).listGrants())).toBe('accepted');
  });

  test.each<[string, (cells: object[]) => object[]]>([
    ['without the statement of a cell', (f) => f.slice(1)],
    ['with one statement too many', (f) => [...f, f[0]!]],
  ])('%s is refused', async (_, change) => {
    const { lie, clinician, grant } = await lying();
    lie('get-grant', (a) => ({ ...a, cells: a.next === undefined ? a.cells : change(a.cells) }));
    expect(await refusal(() => clinician.grant(grant.id))).toBe('unverified grant-cell');
  });

  test('is refused if other folder statements come with its cells', async () => {
    const { lie, clinician, grant, first, second } = await lying();
    const replace = (jws: string) => {
      lie('get-grant', (a) => ({ ...a, cells: a.next === undefined ? a.cells : [{ folder: jws }] }));
    };
    replace(second.statement.jws);
    expect(await refusal(() => clinician.grant(grant.id))).toBe('unverified grant-cell');
    // This statement has the same folder, epoch and key, but the grant names another statement.
    replace((await resigned(first.statement, { issued: 1 })).jws);
    expect(await refusal(() => clinician.grant(grant.id))).toBe('unverified grant-cell');
    replace((await resigned(first.statement, { patient: KEYS.stranger.id }, KEYS.stranger)).jws);
    expect(await refusal(() => clinician.grant(grant.id))).toBe('unverified folder');
  });

  test.each<[string, object]>([
    ['key', { key: toBase64url(fill(2, 33)) }],
    ['epoch', { epoch: 9 }],
    ['folder', { folder: newId() }],
  ])('is refused if its cell names another %s than the folder statement', async (_, change) => {
    const { lie, grant, fresh } = await lying();
    const [cell, ...rest] = grant.statement.payload.cells;
    const odd = await resigned(grant.statement, { cells: [{ ...cell!, ...change }, ...rest] });
    lie('get-grant', (a) => ({ ...a, statement: odd.jws }));
    expect(await refusal(() => fresh().grant(grant.id))).toBe('unverified grant-cell');
  });

  test('is refused if the key of its folder is not on the curve', async () => {
    const { lie, grant, first, fresh } = await lying();
    const key = toBase64url(new Uint8Array(33));
    const folder = await resigned(first.statement, { key });
    const [cell, ...rest] = grant.statement.payload.cells;
    const odd = await resigned(grant.statement, { cells: [{ ...cell!, key, statement: folder.hash }, ...rest] });
    lie('get-grant', (a) => ({
      ...a,
      statement: odd.jws,
      cells: a.next === undefined ? a.cells : [{ folder: folder.jws }],
    }));
    expect(await refusal(() => fresh().grant(grant.id))).toBe('unverified folder-key');
  });

  test.each<[string, (grant: GrantWithCells) => Partial<Payload<'grant'>>]>([
    ['of another grant', ({ patient }) => ({ companions: seedsFor({ patient, grant: newId() }) })],
    ['of an extension', ({ patient, id }) => ({ companions: seedsFor({ patient, grant: id, extension: 1 }) })],
    [
      'for another recipient',
      ({ patient, id }) => ({
        companions: seedsFor({ patient, grant: id, recipient: KEYS.stranger.id }),
      }),
    ],
    ['of another patient', ({ id }) => ({ companions: seedsFor({ patient: KEYS.stranger.id, grant: id }) })],
    ['of another cell', ({ patient, id }) => ({ companions: seedsFor({ patient, grant: id }, fill(8, 32)) })],
    ['of no cell', () => ({ companions: undefined })],
  ])('opens nothing if its companion seeds are those %s', async (_, change) => {
    const { lie, grant, fresh, record } = await lying();
    const odd = await resigned(grant.statement, change(grant));
    lie('get-grant', (a) => ({ ...a, statement: odd.jws }));
    const clinician = fresh();
    const received = await clinician.grant(grant.id);
    expect(await refusal(() => clinician.open(received, [record]))).toBe('unverified companion');
  });

  test('to add opens no records, also at a service that answers', async () => {
    const { patient, clinician, first, record } = await lying();
    const [{ id }] = await patient.grant({
      recipient: clinician.id,
      folders: [first.id],
      right: 'add',
      purpose: 'TREAT',
      durationSeconds: DAY,
    });
    const add = await clinician.grant(id);
    expect(await refusal(() => clinician.open(add, [record]))).not.toBe('accepted');
    expect(add.cells[0]!.seeds).toBeUndefined();
  });

  test('is refused if the folder statement of its cell has no companion key', async () => {
    const { lie, grant, first, fresh } = await lying();
    const { companion: _, ...rest } = first.statement.payload;
    const old = rawJws(
      JSON.stringify({ alg: 'EdDSA', kid: KEYS.patient.id, typ: 'pcehr-folder+jws' }),
      JSON.stringify(rest),
      KEYS.patient,
    );
    lie('get-grant', (a) => ({ ...a, cells: a.next === undefined ? a.cells : [{ folder: old }] }));
    expect(await refusal(() => fresh().grant(grant.id))).toBe('unverified folder');
  });

  test('opens nothing if the service returns another identity for the patient', async () => {
    const { lie, grant, record, optionsOf, patient } = await lying();
    const { payload } = await patient.register();
    const forged = await signStatement('identity', { ...payload, id: KEYS.stranger.id }, KEYS.stranger);
    lie('get-identity', (a) => ({ ...a, statement: forged.jws }));
    const fresh = createRecipient(optionsOf('clinician'));
    expect(await refusal(() => fresh.open(grant, [record]))).toBe('unverified identity');
  });

  test('revoke fails if the service still calls the grant active', async () => {
    const { lie, patient, grant } = await lying();
    lie('revoke-grant', (a) => ({ ...a, state: 'active' }));
    expect(await refusal(() => patient.revoke(grant))).toBe('bad-answer');
  });
});

describe('the versions of a record', () => {
  const versions = async (shown: (all: readonly Statement<'record'>[]) => readonly Statement<'record'>[]) => {
    const { patient, clinician, grant, lie, record } = await lying();
    const all = [record.statement];
    for (const version of [2, 3]) all.push(await resigned(all[0]!, { version, previous: all.at(-1)!.hash }));
    lie('get-record', (a) => ({
      versions: shown(all).map(({ jws: statement }) => ({ ...(a.versions[0] as object), statement })),
    }));
    return {
      patient: await refusal(() => patient.listVersions(record.record)),
      recipient: await refusal(() => clinician.listVersions(grant, record.record)),
    };
  };
  const REFUSED = { patient: 'unverified record', recipient: 'unverified record' };

  test.each<[string, Parameters<typeof versions>[0], Awaited<ReturnType<typeof versions>>]>([
    ['accepts all versions', (v) => v, { patient: 'accepted', recipient: 'accepted' }],
    ['refuses the last version first', (v) => v.toReversed(), REFUSED],
    ['refuses a version twice', ([one, ...rest]) => [one!, one!, ...rest], REFUSED],
    [
      'accepts versions without the first for a recipient, who may not see it',
      (v) => v.slice(1),
      { ...REFUSED, recipient: 'accepted' },
    ],
    [
      'accepts versions with a gap for a recipient only',
      ([one, , three]) => [one!, three!],
      { ...REFUSED, recipient: 'accepted' },
    ],
  ])('%s', async (_, shown, verdict) => {
    expect(await versions(shown)).toEqual(verdict);
  });
});

describe('a request', () => {
  const pending = async () => {
    const story = await people();
    const folder = await story.patient.createFolder({ name: 'a', category: 'other' });
    const request = await pendingRequest(story, [folder.id]);
    const show = (jws: string) => {
      story.service.state.lie = (route, a) =>
        route === 'list-requests' ? { requests: [{ ...a.requests[0], statement: jws }] } : undefined;
    };
    return { ...story, folder, request, show };
  };

  test('is refused if it was altered', async () => {
    const { patient, request, show } = await pending();
    const [head, payload, signature] = request.statement.jws.split('.');
    show(`${head}.${payload}.${flipped(signature!)}`);
    expect(await refusal(() => patient.listRequests())).toBe('unverified request');
    show('a.b.c');
    expect(await refusal(() => patient.listRequests())).toBe('unverified request');
  });

  test.each<[string, (copied: string | undefined) => string]>([
    ['cannot be decrypted', () => toBase64url(fill(1, 200))],
    ['was copied from another request', (copied) => copied!],
  ])('whose message %s is listed with messageRefused, and can be denied but not approved', async (_, message) => {
    const { patient, clinician, request, folder, service } = await pending();
    const requestInput = { patient: patient.id, folders: [folder.id], purpose: 'TREAT', durationSeconds: 60 } as const;
    const valid = await clinician.request({ ...requestInput, message: 'For the cough' });
    const change = { request: newId<RequestId>(), message: message(valid.statement.payload.message) };
    const odd = await resigned(request.statement, change, KEYS.clinician);
    service.state.lie = (route, a) =>
      route === 'list-requests' ? { requests: [...a.requests, { ...a.requests[0], statement: odd.jws }] } : undefined;
    const listed = await patient.listRequests();
    expect(listed.map((r) => [r.id, r.message, r.messageRefused])).toEqual([
      [request.id, undefined, undefined],
      [valid.id, 'For the cough', undefined],
      [odd.payload.request, undefined, true],
    ]);
    const approval = () => patient.approve(listed[2]!, { unverifiedRecipient: true });
    expect(await refusal(approval)).toBe('unverified request');
    expect(service.calls).not.toContain('approve-request');
  });

  test('is refused if it is to another patient', async () => {
    const { patient, request, show } = await pending();
    show((await resigned(request.statement, { patient: KEYS.stranger.id }, KEYS.clinician)).jws);
    expect(await refusal(() => patient.listRequests())).toBe('not-mine');
    show((await resigned(request.statement, { patient: KEYS.clinician.id, recipient: patient.id })).jws);
    expect(await refusal(() => patient.listRequests())).toBe('not-mine');
  });

  test('is not approved if it is to another patient', async () => {
    const { patient, clinician, request, folder } = await pending();
    const foreign = await resigned(
      request.statement,
      { patient: clinician.id, recipient: patient.id, scope: { folders: [folder.id] } },
      KEYS.patient,
    );
    expect(
      await refusal(() => patient.approve({ ...request, statement: foreign }, { unverifiedRecipient: true })),
    ).toBe('not-mine');
  });

  test('is not approved if its signature is wrong', async () => {
    const { patient, request } = await pending();
    const [head, payload, signature] = request.statement.jws.split('.');
    const jws = `${head}.${payload}.${flipped(signature!)}`;
    const altered = { ...request, statement: { ...request.statement, jws } };
    expect(await refusal(() => patient.approve(altered, { unverifiedRecipient: true }))).toBe('unverified request');
  });

  test.each<[string, Partial<Payload<'request'>['receiving']>]>([
    ['key', { key: toBase64url(fill(2, 33)) }],
    ['number of the key', { number: 2 }],
  ])('is not approved if its receiving %s differs from the identity statement', async (_, change) => {
    const { patient, request, service } = await pending();
    const { receiving } = request.statement.payload;
    const odd = await resigned(request.statement, { receiving: { ...receiving, ...change } }, KEYS.clinician);
    expect(await refusal(() => patient.approve({ ...request, statement: odd }, { unverifiedRecipient: true }))).toBe(
      'unverified receiving-key',
    );
    expect(service.calls).not.toContain('approve-request');
  });

  test("is not approved if the recipient's identity does not verify", async () => {
    const { patient, request, service } = await pending();
    service.state.lie = (route, a) =>
      route === 'get-identity' ? { ...a, statement: `${a.statement.slice(0, -4)}AAAA` } : undefined;
    expect(await refusal(() => patient.approve(request, { unverifiedRecipient: true }))).toBe('unverified identity');
  });
});

describe('a folder', () => {
  const made = async () => {
    const story = await people();
    const folder = await story.patient.createFolder({ name: 'Blood', category: 'laboratory' });
    const fresh = () => createPatient(story.optionsOf('patient'));
    /** Puts a folder statement into the chain, as a faulty device of the patient would. */
    const add = async (change: Partial<Payload<'folder'>>) => {
      const odd = await resigned(folder.statement, { folder: newId<FolderId>(), ...change });
      story.service.appendEntry(KEYS.patient, [odd]);
      return odd.payload.folder;
    };
    /** Returns the refusals of two calls: listing the folders, and filing in this folder. */
    const refusals = async (id = folder.id, patient = fresh()) => [
      await refusal(() => patient.listFolders()),
      await refusal(() => patient.file(id, TEXT, {})),
    ];
    return { ...story, folder, fresh, add, refusals };
  };

  test('is refused if another identity signed it', async () => {
    const { service, patient, refusals, folder } = await made();
    const forged = await resigned(folder.statement, { patient: KEYS.stranger.id }, KEYS.stranger);
    const chain = service.entries.get(patient.id)!;
    service.entries.set(patient.id, [...chain.slice(0, -1), { ...chain.at(-1)!, statements: [forged.jws] }]);
    expect(await refusals()).toEqual(['unverified chain', 'unverified chain']);
  });

  test('is refused if the entry names another statement of the patient', async () => {
    const { service, patient, refusals, folder } = await made();
    const other = await resigned(folder.statement, { issued: 1 });
    const chain = service.entries.get(patient.id)!;
    service.entries.set(patient.id, [...chain.slice(0, -1), { ...chain.at(-1)!, statements: [other.jws] }]);
    expect(await refusals()).toEqual(['unverified chain', 'unverified chain']);
  });

  test("gets no record if its companion key is not derived from the patient's seed", async () => {
    const { add, fresh } = await made();
    const salt = fill(1, 16);
    const id = newId<FolderId>();
    const key = toBase64url(encodePublicKey(publicKeyOf(KEYS.patient.folderKey(id, 1, salt))));
    const { inbox } = KEYS.patient;
    const context = { kind: 'folder-name', sender: KEYS.patient.id, receiver: KEYS.patient.id, statement: id } as const;
    const name = toBase64url(sealText(context, 'Odd', inbox().publicKey));
    await add({ folder: id, salt: toBase64url(salt), key, name, companion: toBase64url(inbox().publicKey) });
    expect(await refusal(() => fresh().file(id, TEXT, {}))).toBe('unverified companion');
  });

  test("is refused if its key is not derived from the patient's seed", async () => {
    const { refusals, add } = await made();
    const id = await add({ salt: toBase64url(fill(1, 16)) });
    expect(await refusals(id)).toEqual(['unverified folder-key', 'unverified folder-key']);
  });

  test('is refused if it has the name of another folder', async () => {
    const { refusals, add, folder } = await made();
    const id = newId<FolderId>();
    const salt = fromBase64url(folder.statement.payload.salt);
    await add({ folder: id, key: toBase64url(encodePublicKey(publicKeyOf(KEYS.patient.folderKey(id, 1, salt)))) });
    expect(await refusals(id)).toEqual(['unverified folder-name', 'unverified folder-name']);
  });

  test('is refused if it has replaced the one known, by a client that knows it', async () => {
    const { patient, service, folder, add, refusals } = await made();
    service.entries.get(patient.id)!.pop();
    const { salt } = folder.statement.payload;
    await add({ folder: folder.id, salt, issued: 1 });
    expect(await refusals(folder.id, patient)).toEqual(['rolled-back chain', 'rolled-back chain']);
    // A client without memory cannot notice this.
    expect(await refusals()).toEqual(['accepted', 'accepted']);
  });

  test('opens records of an older epoch with the older key, and none of an epoch that the chain does not have', async () => {
    const { patient, folder, service, fresh } = await made();
    const record = await patient.file(folder.id, utf8('before'), {});
    service.nextEpoch(folder.id, KEYS.patient);
    expect(await refusal(() => fresh().open([record]))).toBe('accepted');
    expect(await refusal(() => fresh().open([{ ...record, epoch: 3 }]))).toBe('unknown-cell');
  });
});

describe('a record that the patient deleted', () => {
  test('is not listed as committed by a service that says so', async () => {
    const { lie, patient, record, first, service } = await lying();
    const stored = { ...service.records.get(record.record)! };
    await patient.deleteRecord(record);
    const view = { statement: stored.statement.jws, state: 'committed', metadata: stored.metadata };
    lie('list-records', (a) => ({ records: [view, ...a.records] }));
    const ids = (await patient.listRecords(first.id)).map((r) => r.record);
    expect([ids.length, ids.includes(record.record)]).toEqual([1, false]);
    lie('get-record', () => ({ versions: [view] }));
    expect((await patient.listVersions(record.record)).map((v) => v.state)).toEqual(['deleted']);
  });
});

test('deleteRecord fails if the service does not confirm the deletion', async () => {
  const { lie, patient, record } = await lying();
  lie('delete-record', (a) => ({ ...a, versions: a.versions.map((v: object) => ({ ...v, state: 'committed' })) }));
  expect(await refusal(() => patient.deleteRecord(record))).toBe('bad-answer');
});
