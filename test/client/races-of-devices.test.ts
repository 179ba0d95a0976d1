// Tests two clients of one patient that act at once, at chosen moments: none overlooks or undoes what the other one did. two-devices.test.ts chooses the
// moments at random.
import { describe, expect, test } from '@jest/globals';
import { createPatient, createRecipient, importMemory } from '../../lib/client/index.ts';
import { reloadStatement } from '../../lib/statements/verify.ts';
import { DAY, once, people, type Hooks } from './people.ts';

describe('two devices of a patient', () => {
  test('revoke and pause what the other one gave after this one had read the chain', async () => {
    const { patient, give, device } = await people();
    const other = device();
    await other.listFolders();
    const grant = await give();
    expect((await other.pause(grant)).state).toBe('paused');
    const second = await give();
    expect((await other.revoke(second)).state).toBe('revoked');
    expect((await patient.resume(grant)).state).toBe('active');
  });

  test('revoke the same grant, one after the other', async () => {
    const { state, patient, give, device } = await people();
    const grant = await give();
    const other = device();
    await other.listFolders();
    await patient.revoke(grant);
    state.now += 1000;
    expect((await other.revoke(grant)).state).toBe('revoked');
  });

  test('deny the same request', async () => {
    const { state, patient, ask, device } = await people();
    await ask();
    const [request] = await patient.listRequests('pending');
    const other = device();
    await other.listFolders();
    await patient.deny(request!);
    state.now += 1000;
    await other.deny(request!);
    expect((await patient.listRequests())[0]!.state).toBe('denied');
  });

  test('start the same epoch at once: it is one epoch', async () => {
    const { patient, folder, epoch, device } = await people();
    const hooks: Hooks = {};
    const other = device(hooks);
    hooks.before = once('create-folder', () => patient.startEpoch(folder.id));
    expect((await other.startEpoch(folder.id)).epoch).toBe(2);
    expect(await epoch()).toBe(2);
  });

  test('extend a grant, and revoke it meanwhile: the extension is left out', async () => {
    const { patient, clinician, device, entries } = await people();
    const late = once('grant-access', () => patient.createFolder({ name: 'New', category: 'other' }));
    const terms = { recipient: clinician.id, purpose: 'TREAT', durationSeconds: DAY } as const;
    const [grant] = await device({ before: late }).grant({ ...terms, everything: true, standing: true });
    const [, made] = await patient.listFolders();
    expect(await patient.outstanding(made!.id)).toHaveLength(1);
    const revoked = once('extend-grant', () => patient.revoke(grant));
    expect(await device({ before: revoked }).carryOver(made!.id)).toBe(0);
    expect(entries()).toHaveLength(5);
  });

  test('grant access, and start an epoch meanwhile: the grant has the new cell', async () => {
    const { patient, folder, clinician, device } = await people();
    const other = device({ before: once('grant-access', () => patient.startEpoch(folder.id)) });
    const [grant] = await other.grant({
      recipient: clinician.id,
      folders: [folder.id],
      purpose: 'TREAT',
      durationSeconds: DAY,
    });
    expect((await clinician.grant(grant.id)).cells.map((c) => c.epoch)).toEqual([1, 2]);
  });

  test('act while one of them reads the trail: no event is missing', async () => {
    const { patient, device } = await people();
    const act = () => patient.createFolder({ name: 'New', category: 'other' });
    const hooks = { before: once('list-audit', act), after: once('list-audit', act) };
    expect(await device(hooks).audit()).toHaveLength(3);
  });

  test('act while one of them reads the trail page by page', async () => {
    const { patient, give, device } = await people();
    const grant = await give();
    for (let i = 0; i < 23; i++) {
      await patient.pause(grant);
      await patient.resume(grant);
    }
    let pages = 0;
    const before: Hooks['before'] = async (route) => {
      if (route === 'list-audit' && pages++ < 2) {
        await patient.pause(grant);
        await patient.resume(grant);
      }
    };
    expect(await device({ before }).audit()).toHaveLength(53);
  });
});

describe('two clients with one memory', () => {
  test('know of the acts of each other', async () => {
    const { optionsOf, entries, patient, saved } = await people();
    const memory = importMemory(patient.id, saved.at(-1));
    const own = createPatient(optionsOf(1, { memory }));
    const recipient = createRecipient(optionsOf(1, { memory }));
    await own.listFolders();
    await recipient.renewReceivingKey();
    await own.createFolder({ name: 'New', category: 'other' });
    await recipient.renewReceivingKey();
    expect(entries().filter((e) => e.voided.length > 0)).toEqual([]);
    expect(memory.chainHead().number).toBe(5);
  });

  test('are not rolled back if one acts while the other one reads', async () => {
    const { optionsOf, device, patient, saved } = await people();
    const memory = importMemory(patient.id, saved.at(-1));
    const recipient = createRecipient(optionsOf(1, { memory }));
    const own = device({ after: once('list-chain', () => recipient.renewReceivingKey()) }, { memory });
    expect(await own.listFolders()).toHaveLength(1);
    expect(memory.chainHead().number).toBe(3);
    expect((await own.createFolder({ name: 'New', category: 'other' })).epoch).toBe(1);
  });
});

test('a revocation does not wait until a slow service has answered a list, and the list does not prolong the grant', async () => {
  const { device, folder, give, extended } = await people();
  const grant = await give();
  let release = (): void => undefined;
  const slow = new Promise<void>((resolve) => {
    release = resolve;
  });
  let arrive = (): void => undefined;
  const arrived = new Promise<void>((resolve) => {
    arrive = resolve;
  });
  const before = once('list-cell-grants', () => {
    arrive();
    return slow;
  });
  const patient = device({ before });
  const epoch = patient.startEpoch(folder.id);
  await arrived;
  expect((await patient.revoke(grant)).state).toBe('revoked');
  release();
  expect((await epoch).epoch).toBe(2);
  expect(extended()).toEqual([]);
});

test('a grant over more than 80 cells, revoked before it has them all, gets no further cell, although the service refuses the revocation', async () => {
  const { state, device, patient, clinician, entries, extended } = await people();
  for (let i = 0; i < 80; i++) await patient.createFolder({ name: `${i}`, category: 'other' });
  let revoking: Promise<unknown> | undefined;
  const other = device({
    after: (route) => {
      if (route !== 'grant-access') return Promise.resolve();
      state.refuse = 'revoke-grant';
      state.code = 'not-found';
      const statement = reloadStatement('grant', entries().at(-1)!.statements[0]!);
      revoking = other.revoke({ id: statement.payload.grant, statement }).catch(() => undefined);
      return Promise.resolve();
    },
  });
  const terms = {
    recipient: clinician.id,
    everything: true,
    standing: true,
    purpose: 'TREAT',
    durationSeconds: DAY,
  } as const;
  const [grant] = await other.grant(terms);
  await revoking;
  expect(other.memory.isRevoked(grant.id)).toBe(true);
  expect(extended()).toEqual([]);
});
