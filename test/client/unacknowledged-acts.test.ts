// Tests acts that the service does not acknowledge: it refuses them, stores and denies them, or the device stops before an answer comes.
import { describe, expect, test } from '@jest/globals';
import { createPatient, importMemory, type MemorySnapshot } from '../../lib/client/index.ts';
import { deviceKeys } from '../../lib/identity/key-derivation.ts';
import { signStatement } from '../../lib/statements/sign.ts';
import { fill } from '../statements/samples.ts';
import { refusing } from '../support/lying-fetch.ts';
import { refusal } from './clients.ts';
import { DAY, once, people } from './people.ts';

describe('statements that the service does not acknowledge', () => {
  test('never keep the patient from a further act, and every one of them is named void', async () => {
    const { state, saved, entries, patient, give } = await people();
    const grant = await give();
    state.refuse = 'pause-grant';
    for (let i = 0; i < 12; i++) expect(await refusal(() => patient.pause(grant))).toBe('request-closed');
    const refused = saved.at(-1)!.pending.map((p) => p.hash);
    expect(refused).toHaveLength(12);
    await patient.revoke(grant);
    await patient.settle();
    const voids = entries().flatMap((e) => e.statement.payload.voids ?? []);
    expect(voids.map((v) => v.entry)).toEqual(refused);
    expect(saved.at(-1)!.pending).toEqual([]);
  });

  test('do not make the call too large, also if they are long', async () => {
    const { saved, entries, patient, give, optionsOf, folder } = await people();
    const grant = await give();
    const { payload } = grant.statement;
    const cells = Array.from({ length: 80 }, (_, i) => ({ ...payload.cells[0]!, epoch: i + 2 }));
    const pending: MemorySnapshot['pending'] = [];
    const keys = deviceKeys(fill(1, 32));
    for (let i = 0; i < 8; i++) {
      const long = await signStatement('grant', { ...payload, cells, issued: payload.issued + i }, keys);
      const hashes = [long.hash];
      const entry = { ...entries().at(-1)!.statement.payload, statements: hashes };
      const { jws, hash } = await signStatement('entry', entry, keys);
      pending.push({ entry: jws, hash, statements: [long.jws], hashes });
    }
    const memory = importMemory(patient.id, { ...saved.at(-1), pending });
    const device = createPatient(optionsOf(1, { memory }));
    for (let i = 0; i < 8 && memory.pending().length > 0; i++) await device.startEpoch(folder.id);
    expect(memory.pending()).toEqual([]);
    expect(entries().flatMap((e) => e.statement.payload.voids ?? [])).toHaveLength(8);
  });

  test('are one if the service says for ever that the chain has moved, and then the patient can revoke', async () => {
    const { state, saved, patient, give } = await people();
    const grant = await give();
    state.refuse = 'revoke-grant';
    state.code = 'chain-moved';
    expect(await refusal(() => patient.revoke(grant))).toBe('bad-answer');
    expect(saved.at(-1)!.pending).toHaveLength(1);
    state.refuse = undefined;
    expect((await patient.revoke(grant)).state).toBe('revoked');
  });

  test('do not close a cell that only has the number of the one that they name', async () => {
    const { state, patient, folder, give, epoch } = await people();
    await give();
    state.refuse = 'create-folder';
    expect(await refusal(() => patient.startEpoch(folder.id))).toBe('request-closed');
    state.refuse = undefined;
    await patient.startEpoch(folder.id);
    await patient.settle();
    expect(await epoch()).toBe(2);
  });

  test('end a grant for every device if they are its revocation', async () => {
    const { state, patient, folder, give, device, extended } = await people();
    const grant = await give();
    state.refuse = 'revoke-grant';
    expect(await refusal(() => patient.revoke(grant))).toBe('request-closed');
    state.refuse = undefined;
    await patient.createFolder({ name: 'Other', category: 'other' });
    const before = extended().length;
    await device().startEpoch(folder.id);
    expect(extended().slice(before)).toEqual([]);
  });

  test('do not count as such while the service works on them', async () => {
    const { device, epoch, folder, clinician } = await people();
    let release = (): void => undefined;
    const granting = new Promise<void>((resolve) => {
      release = resolve;
    });
    const list = once('list-grants', () => granting);
    const turns = async () => {
      release();
      for (let i = 0; i < 50; i++) await new Promise((resolve) => setImmediate(resolve));
    };
    const grant = once('grant-access', turns);
    const patient = device({ before: async (route) => Promise.all([list(route), grant(route)]) });
    await patient.listFolders();
    const settled = patient.settle();
    await patient.grant({ recipient: clinician.id, folders: [folder.id], purpose: 'TREAT', durationSeconds: DAY });
    await settled;
    expect(await epoch()).toBe(1);
  });
});

describe('an act that the service stores and denies', () => {
  const moved = refusing(409, 'chain-moved');

  test.each(['grant-access', 'approve-request', 'create-folder', 'revoke-grant', 'pause-grant'] as const)(
    'with %s: is found in the chain, and nothing contradicts it',
    async (stored) => {
      const { state, saved, entries, patient, ask, give, optionsOf } = await people();
      const grant = stored === 'grant-access' ? undefined : await give();
      await ask();
      const [request] = await patient.listRequests('pending');
      let left = 1;
      state.lie = (route) => (route === stored && left-- > 0 ? moved : undefined);
      if (stored === 'grant-access') await give();
      if (stored === 'approve-request') await patient.approve(request!, { unverifiedRecipient: true });
      if (stored === 'create-folder') await patient.createFolder({ name: 'New', category: 'other' });
      if (stored === 'revoke-grant') await patient.revoke(grant!);
      if (stored === 'pause-grant') await patient.pause(grant!);
      const made = entries().flatMap((e) => e.statements);
      expect(made).toHaveLength(stored === 'grant-access' ? 3 : 4);
      expect(saved.at(-1)!.pending).toEqual([]);
      expect(await createPatient(optionsOf(1)).listFolders()).not.toEqual([]);
    },
  );

  test('a renewal of the receiving key is found in the chain, and signed once', async () => {
    const { state, clinician } = await people();
    state.lie = (route) => (route === 'register' ? refusing(409, 'statement-outdated') : undefined);
    expect((await clinician.renewReceivingKey()).payload.receiving.number).toBe(2);
    state.lie = undefined;
    expect((await clinician.register()).payload.receiving.number).toBe(2);
    expect((await clinician.renewReceivingKey()).payload.receiving.number).toBe(3);
  });

  test('a denial of an approved request is not signed, whatever the service accepts', async () => {
    const { service, patient, ask } = await people();
    await ask();
    const [request] = await patient.listRequests('pending');
    await patient.approve(request!, { unverifiedRecipient: true });
    expect(await refusal(() => patient.deny(request!))).toBe('request-closed');
    expect(service.calls).not.toContain('deny-request');
  });
});

describe('a device that stops at any moment', () => {
  test.each([true, false])(
    'continues from any memory that it saved, if the service stored the last act: %s',
    async (stored) => {
      const { state, saved, entries, patient, folder, give, ask, optionsOf } = await people();
      await give();
      await ask();
      const [request] = await patient.listRequests('pending');
      if (stored) state.lie = (route) => (route === 'approve-request' ? { status: 500, body: {} } : undefined);
      else state.refuse = 'approve-request';
      expect(await refusal(() => patient.approve(request!, { unverifiedRecipient: true }))).not.toBe('accepted');
      [state.lie, state.refuse] = [undefined, undefined];
      await patient.startEpoch(folder.id);
      for (const snapshot of saved.slice()) {
        const memory = importMemory(patient.id, JSON.parse(JSON.stringify(snapshot)));
        await createPatient(optionsOf(1, { memory })).createFolder({ name: 'New', category: 'other' });
        expect(memory.pending()).toEqual([]);
      }
      const numbers = entries().map((e) => e.statement.payload.number);
      expect(numbers).toEqual(numbers.map((_, i) => i + 1));
      expect(await createPatient(optionsOf(1)).audit()).not.toEqual([]);
    },
  );

  test('is told of a memory that cannot be saved after the act, and knows the act', async () => {
    const { device, folder } = await people();
    let left = Infinity;
    const save = () => (left-- > 0 ? undefined : Promise.reject(new Error('disk full')));
    const other = device({}, { save });
    await other.listFolders();
    // Two saves succeed: after the client has read the chain, and before it sends the act. The save after the act fails.
    left = 2;
    await expect(other.startEpoch(folder.id)).rejects.toThrow('disk full');
    left = Infinity;
    expect((await other.listFolders())[0]!.epoch).toBe(2);
    expect(other.memory.pending()).toEqual([]);
  });

  test('because the caller aborts: the act stays pending, and the next one names it void', async () => {
    const { device, entries, give } = await people();
    const grant = await give();
    const aborting = new AbortController();
    const abort = once('pause-grant', async () => {
      aborting.abort(new Error('the user left'));
      return Promise.reject(new Error('no answer'));
    });
    const other = device({ before: abort });
    await expect(other.pause(grant, { signal: aborting.signal })).rejects.toThrow('the user left');
    expect(other.memory.pending()).toHaveLength(1);
    await other.revoke(grant);
    expect(entries().at(-1)!.statement.payload.voids).toHaveLength(1);
    expect(other.memory.pending()).toEqual([]);
  });
});
