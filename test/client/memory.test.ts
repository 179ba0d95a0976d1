// Tests the client's memory: it stores the newest statements that the client has seen, so that the client refuses older ones.
import { describe, expect, test } from '@jest/globals';
import { createMemory, importMemory, type Memory } from '../../lib/client/session/memory.ts';
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

describe('export and import', () => {
  test('an import of the exported JSON gives the same memory', async () => {
    const memory = newMemory();
    memory.noteIdentity(await identity({ number: 2 }));
    memory.noteFolder(await folder({ epoch: 2 }));
    memory.noteAudit({ seq: 3, hash: SAMPLES.record.payload.commit });
    const json = JSON.stringify(memory.export());

    const again = importMemory(patient.id, JSON.parse(json));
    expect(JSON.stringify(again.export())).toBe(json);
    expect(again.auditHead()).toEqual({ seq: 3, hash: SAMPLES.record.payload.commit });
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
    ['a damaged folder', { ...newMemory().export(), folders: { x: { epoch: 1, hash: '' } } }],
  ])('refuses %s', async (_, json) => {
    expect(await refusal(() => importMemory(patient.id, json))).toBe('bad-memory');
  });

  test('refuses the memory of another person', async () => {
    const json = newMemory().export();
    expect(await refusal(() => importMemory(clinician.id, json))).toBe('bad-memory');
  });
});
