// Tests the chain of statements: the patient's client takes the access that it gave, and every number, from statements that the patient signed.
import { describe, expect, test } from '@jest/globals';
import { utf8 } from '../../lib/bytes/codec.ts';
import { createPatient, importMemory, type MemorySnapshot } from '../../lib/client/index.ts';
import { createContext } from '../../lib/client/session/context.ts';
import { deviceKeys } from '../../lib/identity/key-derivation.ts';
import { signStatement } from '../../lib/statements/sign.ts';
import { reloadStatement } from '../../lib/statements/verify.ts';
import { fill } from '../statements/samples.ts';
import { refusing, type Lie } from '../support/lying-fetch.ts';
import { ORIGIN } from '../support/memory-service.ts';
import { refusal } from './clients.ts';
import { signNow } from './lying-service.ts';
import { DAY, people } from './people.ts';

describe('a statement that the service refused, and may use later', () => {
  /** @param stored whether the service stores the approval that it refuses */
  const refusedApproval = async (stored: boolean) => {
    const all = await people();
    const { state, patient, clinician, ask } = all;
    await ask();
    const [request] = await patient.listRequests('pending');
    if (stored) state.lie = (route) => (route === 'approve-request' ? refusing(409, 'request-closed') : undefined);
    else state.refuse = 'approve-request';
    patient.verify(clinician.id);
    expect(await refusal(() => patient.approve(request!))).toBe(stored ? 'accepted' : 'request-closed');
    state.lie = undefined;
    state.refuse = undefined;
    return { ...all, request: request! };
  };

  test('holds if the chain shows it: the next act reads the chain first', async () => {
    const { patient, request, folder, extended } = await refusedApproval(true);
    expect(await refusal(() => patient.deny(request))).not.toBe('accepted');
    await patient.startEpoch(folder.id);
    expect(extended()).toHaveLength(1);
  });

  test('is named void by the next one, is not carried into a new epoch, and its cells are closed', async () => {
    const { service, saved, patient, request, epoch, extended } = await refusedApproval(false);
    const [pending] = saved.at(-1)!.pending;
    await patient.deny(request);
    const { payload } = service.memory.state.entries.get(patient.id)!.at(-1)!.statement;
    expect(payload.voids).toEqual([{ entry: pending!.hash, statements: pending!.hashes }]);
    expect(saved.at(-1)!.pending).toEqual([]);
    expect(await epoch()).toBe(1);
    await patient.settle();
    expect(await epoch()).toBe(2);
    expect(extended()).toEqual([]);
  });
});

describe('what the service leaves out of its lists', () => {
  const nothing: Lie = (route) =>
    route === 'list-grants' || route === 'list-cell-grants' ? { status: 200, body: { grants: [] } } : undefined;

  test('an extension: the cell that it added is closed after the revocation', async () => {
    const { state, patient, folder, give, epoch } = await people();
    const grant = await give();
    await patient.startEpoch(folder.id);
    state.lie = (route, said) =>
      route === 'get-grant'
        ? { ...said, body: { ...said.body, cells: said.body.cells.slice(0, 1) } }
        : nothing(route, said, new URL(ORIGIN));
    await patient.revoke(grant);
    await patient.settle();
    expect(await epoch()).toBe(3);
  });

  test('a grant that has expired by the clock of the patient', async () => {
    const { state, patient, give, epoch } = await people();
    await give();
    state.lie = nothing;
    state.now += DAY * 1000;
    await patient.settle();
    expect(await epoch()).toBe(2);
  });

  test('a grant that goes on: it is carried over all the same', async () => {
    const { state, patient, folder, give, extended } = await people();
    const grant = await give();
    state.lie = nothing;
    await patient.startEpoch(folder.id);
    expect(extended()).toEqual([grant.id]);
  });
});

describe('numbers', () => {
  test('of a pause come from the chain, whatever the service says', async () => {
    const { state, service, patient, give } = await people();
    const grant = await give();
    state.lie = (route, said) =>
      route === 'get-grant' || route === 'list-grants'
        ? { ...said, body: { ...said.body, holds: 4_000_000_000 } }
        : undefined;
    const shown = { ...grant, holds: 4_000_000_000 };
    await patient.pause(shown);
    const [jws] = service.memory.state.entries.get(patient.id)!.at(-1)!.statements;
    expect(reloadStatement('pause', jws!).payload.number).toBe(1);
  });

  test('of the identity statement: the client does not sign number 1 again because the service says not-found', async () => {
    const { state, service, saved, patient, optionsOf } = await people();
    state.lie = (route) => (route === 'get-identity' ? refusing(404, 'not-found') : undefined);
    const memory = importMemory(patient.id, saved.at(-1));
    await createPatient(optionsOf(1, { memory })).register();
    expect(service.memory.state.entries.get(patient.id)).toHaveLength(2);
    state.lie = (route) => (route === 'list-chain' ? refusing(403, 'not-registered') : undefined);
    const again = createPatient(optionsOf(1, { memory: importMemory(patient.id, saved.at(-1)) }));
    const sent = service.calls.length;
    expect(await refusal(() => again.register())).toBe('not-registered');
    expect(service.calls.slice(sent)).not.toContain('register');
  });
});

describe('a chain that is not what it was', () => {
  test.each([
    ['without its last entry', (entries: readonly unknown[]) => entries.slice(0, -1)],
    ['without its first entry', (entries: readonly unknown[]) => entries.slice(1)],
    ['in another order', (entries: readonly unknown[]) => entries.toReversed()],
    ['empty', () => []],
  ])('%s is refused by a client with a memory', async (_name, change) => {
    const { state, saved, patient, give, optionsOf } = await people();
    await give();
    state.lie = (route, said) =>
      route === 'list-chain' ? { ...said, body: { entries: change(said.body.entries) } } : undefined;
    const other = createPatient(optionsOf(1, { memory: importMemory(patient.id, saved.at(-1)) }));
    expect(await refusal(() => other.listFolders())).toMatch(/^(rolled-back|unverified) chain$/);
  });

  test.each([
    ['two entries are swapped', ([first, second, third]: readonly unknown[]) => [first, third, second]],
    ['an entry is left out', ([first, , third]: readonly unknown[]) => [first, third]],
    ['an entry comes twice', ([first, second, third]: readonly unknown[]) => [first, second, second, third]],
  ])('is refused by a client without memory if %s', async (_, change) => {
    const { state, patient, optionsOf } = await people();
    await patient.createFolder({ name: 'Urine', category: 'laboratory' });
    state.lie = (route, said) =>
      route === 'list-chain' ? { ...said, body: { entries: change(said.body.entries) } } : undefined;
    expect(await refusal(() => createPatient(optionsOf(1)).listFolders())).toBe('unverified chain');
  });

  test('is refused if the signature of an entry or of a statement is wrong', async () => {
    const { state, optionsOf } = await people();
    const spoiled = (jws: string) => `${jws.slice(0, -10)}${'A'.repeat(10)}`;
    for (const spoil of [
      ({ entry, ...rest }: { entry: string }) => ({ ...rest, entry: spoiled(entry) }),
      ({ statements, ...rest }: { statements: string[] }) => ({ ...rest, statements: statements.map(spoiled) }),
    ] as ((entry: object) => object)[]) {
      state.lie = (route, said) =>
        route === 'list-chain' ? { ...said, body: { entries: said.body.entries.map(spoil) } } : undefined;
      expect(await refusal(() => createPatient(optionsOf(1)).listFolders())).toBe('unverified chain');
    }
  });

  test('of the known length with another last entry, which the patient signed too, is refused by a client with a memory', async () => {
    const { state, saved, patient, entries, optionsOf } = await people();
    const { payload } = entries().at(-1)!.statement;
    const fork = signNow('entry', { ...payload, issued: payload.issued + 1 }, deviceKeys(fill(1, 32))).jws;
    state.lie = (route, said) =>
      route === 'list-chain'
        ? { ...said, body: { entries: [said.body.entries[0], { ...said.body.entries[1], entry: fork }] } }
        : undefined;
    const other = createPatient(optionsOf(1, { memory: importMemory(patient.id, saved.at(-1)) }));
    expect(await refusal(() => other.listFolders())).toBe('rolled-back chain');
    expect(await refusal(() => createPatient(optionsOf(1)).listFolders())).toBe('accepted');
  });

  test('of another deployment is refused', async () => {
    const { patient, optionsOf } = await people();
    const other = createPatient(optionsOf(1, { serviceKey: 'A'.repeat(44) }));
    expect(other.id).toBe(patient.id);
    expect(await refusal(() => other.listFolders())).toBe('unverified chain');
  });
});

test('the memory is saved before a statement leaves, and a memory that cannot be saved keeps it back', async () => {
  const { service, patient, optionsOf } = await people();
  const sent = service.calls.length;
  // Saving fails as soon as the memory contains an entry that is not confirmed.
  const save = ({ pending }: MemorySnapshot) =>
    pending.length === 0 ? undefined : Promise.reject(new Error('disk full'));
  const broken = createPatient(optionsOf(1, { save }));
  expect(broken.id).toBe(patient.id);
  await expect(broken.createFolder({ name: 'X', category: 'other' })).rejects.toThrow('disk full');
  expect(service.calls.slice(sent)).not.toContain('create-folder');
});

test('an act saves the memory twice, and readings that find nothing new do not save it', async () => {
  const { saved, optionsOf, patient, folder, give, device } = await people();
  const before = saved.length;
  const grant = await give();
  expect(saved.slice(before).map((s) => s.pending.length)).toEqual([1, 0]);
  await patient.file(folder.id, utf8('one'), {});
  await patient.listRecords(folder.id);
  await patient.settle();
  const known = saved.length;
  for (let i = 0; i < 3; i++) {
    await patient.listFolders();
    await patient.listRecords(folder.id);
    await patient.settle();
    await patient.getGrant(grant.id);
  }
  expect(saved).toHaveLength(known);
  await device().createFolder({ name: 'Heart', category: 'other' });
  // The first reading finds the entry of the other device. The client then notes the new folder, which the second reading saves.
  for (let i = 0; i < 4; i++) await patient.listFolders();
  expect(saved).toHaveLength(known + 2);
  expect(saved.at(-1)).toEqual(patient.memory.export());

  const again: MemorySnapshot[] = [];
  const memory = importMemory(patient.id, saved.at(-1));
  await createPatient(optionsOf(1, { memory, save: (m) => void again.push(m) })).listFolders();
  expect(again).toEqual([]);
});

test('a memory that could not be saved is saved at the next reading, although nothing is new', async () => {
  const { optionsOf } = await people();
  const tried: MemorySnapshot[] = [];
  const save = (snapshot: MemorySnapshot) => {
    tried.push(snapshot);
    return tried.length === 1 ? Promise.reject(new Error('disk full')) : undefined;
  };
  const patient = createPatient(optionsOf(1, { save }));
  await expect(patient.listFolders()).rejects.toThrow('disk full');
  await patient.listFolders();
  expect(tried).toHaveLength(2);
  expect(tried[1]).toEqual(tried[0]);
});

test('two devices that act at once both get their act into the chain, with different numbers', async () => {
  const { service, patient, optionsOf } = await people();
  const other = createPatient(optionsOf(1));
  await other.listFolders();
  await Promise.all(
    [patient, other, patient, other].map((device, i) =>
      device.createFolder({ name: `Folder ${i}`, category: 'other' }),
    ),
  );
  expect(await patient.listFolders()).toHaveLength(5);
  const numbers = service.memory.state.entries.get(patient.id)!.map((e) => e.statement.payload.number);
  expect(numbers).toEqual(numbers.map((_, i) => i + 1));
});

test('a pause of a grant that another device revoked is refused as ended, and nothing is sent', async () => {
  const { service, patient, give, device } = await people();
  const grant = await give();
  const other = device();
  await other.revoke(grant);
  await patient.listFolders();
  const sent = service.calls.length;
  for (const change of [patient.pause, patient.resume]) expect(await refusal(() => change(grant))).toBe('grant-ended');
  expect(service.calls.slice(sent)).not.toContain('pause-grant');
});

test('statements that contradict the chain do not leave, and the chain stays usable', async () => {
  const { patient, folder, optionsOf, service } = await people();
  const ctx = createContext(optionsOf(1));
  const { payload } = folder.statement;
  const second = await signStatement('folder', { ...payload, issued: payload.issued + 1 }, deviceKeys(fill(1, 32)));
  const sent = service.calls.length;
  const send = () => Promise.reject(new Error('sent'));
  expect(await refusal(() => ctx.chain.append(() => Promise.resolve({ statements: [second], send })))).toBe(
    'unverified chain',
  );
  expect(service.calls.slice(sent)).toEqual(['get-service-key', 'list-chain']);
  expect(ctx.memory.pending()).toEqual([]);
  expect((await ctx.chain.sync()).head.number).toBe(2);
  expect(patient.id).toBe(ctx.keys.id);
});
