// Tests the client's memory: it stores the newest statements that the client has seen, so that the client refuses older ones.
import { describe, expect, test } from '@jest/globals';
import { createMemory, importMemory, type Memory, type PendingEntry } from '../../lib/client/session/memory.ts';
import type { Payload } from '../../lib/statements/kinds.ts';
import { signStatement } from '../../lib/statements/sign.ts';
import { clinician, patient, SAMPLES } from '../statements/samples.ts';
import { refusal } from './clients.ts';

const identity = (change: Partial<Payload<'identity'>>) =>
  signStatement('identity', { ...SAMPLES.identity.payload, ...change }, clinician);
const folder = (change: Partial<Payload<'folder'>>) =>
  signStatement('folder', { ...SAMPLES.folder.payload, ...change }, patient);

const newMemory = (): Memory => createMemory(patient.id);

describe('identities', () => {
  test('accepts the same and newer statements, and refuses older ones', async () => {
    const memory = newMemory();
    memory.noteIdentity(await identity({ number: 2 }));
    memory.noteIdentity(await identity({ number: 2 }));
    memory.noteIdentity(await identity({ number: 5 }));
    const old = await identity({ number: 4 });
    expect(await refusal(() => memory.noteIdentity(old))).toBe('rolled-back identity');
  });

  test('refuses two statements with one number', async () => {
    const memory = newMemory();
    memory.noteIdentity(await identity({}));
    const other = await identity({ issued: 1 });
    expect(await refusal(() => memory.noteIdentity(other))).toBe('rolled-back identity');
  });

  test('refuses another successor', async () => {
    const memory = newMemory();
    memory.noteIdentity(await identity({ number: 2 }));
    const other = await identity({ number: 3, next: SAMPLES.record.payload.commit });
    expect(await refusal(() => memory.noteIdentity(other))).toBe('rolled-back identity');
  });

  test('does not remember a refused statement', async () => {
    const memory = newMemory();
    memory.noteIdentity(await identity({ number: 2 }));
    const before = memory.export();
    const other = await identity({ number: 3, next: SAMPLES.record.payload.commit });
    await refusal(() => memory.noteIdentity(other));
    expect(memory.export()).toEqual(before);
  });
});

test('what is no identity id cannot be verified', async () => {
  const memory = newMemory();
  for (const id of ['foo', '', clinician.id.toUpperCase(), clinician.id.slice(0, -1), undefined, null, 7, {}])
    expect([id, await refusal(() => memory.noteVerified(id as never))]).toEqual([id, 'bad-argument']);
  expect(memory.export().verified).toEqual([]);
  memory.noteVerified(clinician.id);
  expect(memory.isVerified(clinician.id)).toBe(true);
});

describe('folders', () => {
  test('accepts the same and later epochs, and refuses earlier ones', async () => {
    const memory = newMemory();
    memory.noteFolder(await folder({ epoch: 2 }));
    memory.noteFolder(await folder({ epoch: 2 }));
    memory.noteFolder(await folder({ epoch: 7 }));
    const old = await folder({ epoch: 2 });
    expect(await refusal(() => memory.noteFolder(old))).toBe('rolled-back folder');
  });

  test('refuses two statements of one epoch', async () => {
    const memory = newMemory();
    memory.noteFolder(await folder({ epoch: 2 }));
    const other = await folder({ epoch: 2, issued: 1 });
    expect(await refusal(() => memory.noteFolder(other))).toBe('rolled-back folder');
  });

  test('refuses an epoch that does not name the one before', async () => {
    const memory = newMemory();
    const second = await folder({ epoch: 2 });
    memory.noteFolder(second);
    const foreign = await folder({ epoch: 3 });
    expect(await refusal(() => memory.noteFolder(foreign))).toBe('rolled-back folder');
    memory.noteFolder(await folder({ epoch: 3, previous: second.hash }));
  });
});

/** Signs an entry with this number, which names the entries `voids` as void. */
const entryOf = async (number: number, voids: readonly string[] = []) => {
  const { voids: _, ...payload } = SAMPLES.entry.payload;
  const named = voids.map((entry) => ({ entry, statements: payload.statements }));
  const numbered = number === 1 ? { ...payload, previous: undefined } : payload;
  return signStatement('entry', { ...numbered, number, ...(named.length === 0 ? {} : { voids: named }) }, patient);
};
const pendingEntry = async (number: number): Promise<PendingEntry> => {
  const { jws, hash, payload } = await entryOf(number);
  return { entry: jws, hash, statements: ['a.b.c'], hashes: payload.statements };
};

describe('the chain of statements', () => {
  test('a new memory has no entry and nothing pending', () => {
    expect([newMemory().chainHead(), newMemory().pending()]).toEqual([{ number: 0 }, []]);
  });

  test('the head only moves forward, because clients may share a memory', () => {
    const memory = newMemory();
    const [one, two] = [SAMPLES.record.payload.commit, SAMPLES.record.payload.digest];
    memory.noteChain({ number: 2, hash: two });
    memory.noteChain({ number: 1, hash: one });
    expect(memory.chainHead()).toEqual({ number: 2, hash: two });
  });

  test('an entry is pending until the chain has it, or has one that names it as void', async () => {
    const memory = newMemory();
    const [one, two, three] = [await pendingEntry(1), await pendingEntry(2), await pendingEntry(3)];
    for (const entry of [one, two, three]) memory.addPending(entry);
    expect(memory.pending()).toEqual([one, two, three]);
    memory.settlePending(await entryOf(9));
    expect(memory.pending()).toHaveLength(3);
    memory.settlePending(await entryOf(2));
    expect(memory.pending()).toEqual([one, three]);
    memory.settlePending(await entryOf(4, [one.hash]));
    expect(memory.pending()).toEqual([three]);
  });
});

describe('export and import', () => {
  test('an import of the exported JSON gives the same memory', async () => {
    const memory = newMemory();
    memory.noteIdentity(await identity({ number: 2 }));
    memory.noteFolder(await folder({ epoch: 2 }));
    memory.noteAudit({ seq: 3, hash: SAMPLES.record.payload.commit });
    memory.noteChain({ number: 4, hash: SAMPLES.record.payload.commit });
    memory.addPending(await pendingEntry(5));
    const json = JSON.stringify(memory.export());

    const again = importMemory(patient.id, JSON.parse(json));
    expect(JSON.stringify(again.export())).toBe(json);
    expect(again.auditHead()).toEqual({ seq: 3, hash: SAMPLES.record.payload.commit });
    expect(again.chainHead()).toEqual({ number: 4, hash: SAMPLES.record.payload.commit });
    expect(again.pending()).toEqual([await pendingEntry(5)]);
    const old = await identity({ number: 1 });
    expect(await refusal(() => again.noteIdentity(old))).toBe('rolled-back identity');
    const other = await folder({ epoch: 2, issued: 1 });
    expect(await refusal(() => again.noteFolder(other))).toBe('rolled-back folder');
  });

  test.each([
    ['nothing', undefined],
    ['text', 'x'],
    ['another version', { ...newMemory().export(), version: 2 }],
    ['an unknown member', { ...newMemory().export(), more: 1 }],
    ['a damaged head', { ...newMemory().export(), audit: { seq: -1, hash: '' } }],
    ['a negative number of entries', { ...newMemory().export(), chain: { number: -1 } }],
    ['entries without a hash', { ...newMemory().export(), chain: { number: 1 } }],
    ['a hash without entries', { ...newMemory().export(), chain: { number: 0, hash: SAMPLES.record.payload.commit } }],
    ['no head of the chain', { ...newMemory().export(), chain: undefined }],
    ['no list of pending entries', { ...newMemory().export(), pending: undefined }],
    ['a damaged pending entry', { ...newMemory().export(), pending: [{ entry: 'a.b.c', hash: '' }] }],
    ['a damaged folder', { ...newMemory().export(), folders: { x: { epoch: 1, hash: '' } } }],
  ])('refuses %s', async (_, json) => {
    expect(await refusal(() => importMemory(patient.id, json))).toBe('bad-memory');
  });

  test('refuses the memory of another person', async () => {
    const json = newMemory().export();
    expect(await refusal(() => importMemory(clinician.id, json))).toBe('bad-memory');
  });
});
