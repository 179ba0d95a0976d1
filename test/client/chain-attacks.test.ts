// Tests attacks on the chain of statements: a service that refuses, repeats or contradicts itself, and devices of one patient that act at once.
import { describe, expect, test } from '@jest/globals';
import { createPatient, createRecipient, importMemory, type MemorySnapshot } from '../../lib/client/index.ts';
import { createContext } from '../../lib/client/session/context.ts';
import { EMPTY_CHAIN, nextEvent } from '../../lib/domain/audit-chain.ts';
import { deviceKeys } from '../../lib/identity/key-derivation.ts';
import { signStatement } from '../../lib/statements/sign.ts';
import { fill } from '../statements/samples.ts';
import { refusing } from '../support/lying-fetch.ts';
import { refusal } from './clients.ts';
import { DAY, people, type Hooks } from './people.ts';

const TEXT = new Uint8Array([1, 2, 3]);

/** Runs a function before the first call of a route. */
const once = (route: string, run: () => Promise<unknown>): NonNullable<Hooks['before']> => {
  let left = true;
  return async (called) => {
    if (called !== route || !left) return;
    left = false;
    await run();
  };
};

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

  test('a denial of an approved request is not signed, whatever the service accepts', async () => {
    const { service, patient, ask } = await people();
    await ask();
    const [request] = await patient.listRequests('pending');
    await patient.approve(request!, { unverifiedRecipient: true });
    expect(await refusal(() => patient.deny(request!))).toBe('request-closed');
    expect(service.calls).not.toContain('deny-request');
  });
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

describe('invented or withheld words', () => {
  test('an event of an extension that belongs to the event of its cell', async () => {
    const { state, service, patient, folder, give } = await people();
    const grant = await give();
    await patient.startEpoch(folder.id);
    const { statement } = service.memory.state.entries.get(patient.id)!.at(-1)!;
    const last = service.memory.state.chains.get(patient.id)!.at(-1)!;
    const invented = nextEvent(
      { seq: last.event.seq, hash: last.entry.hash },
      {
        kind: 'grant-extended',
        patient: patient.id,
        actor: patient.id,
        subject: { grant: grant.id, folders: [folder.id] },
        at: state.now,
        statement: statement.payload.statements[1]!,
      },
    );
    state.lie = (route, said) =>
      route === 'list-audit'
        ? { ...said, body: { events: [...said.body.events, { event: invented.text, hash: invented.hash }] } }
        : undefined;
    expect(await refusal(() => patient.audit())).toBe('unverified evidence');
  });

  test.each([false, true])(
    'the acts of the patient in another order, for a client that has read a part: %s',
    async (part) => {
      const { state, service, patient, device } = await people();
      const reader = device();
      if (part) await reader.audit();
      await patient.createFolder({ name: 'First', category: 'other' });
      await patient.createFolder({ name: 'Second', category: 'other' });
      let last = EMPTY_CHAIN;
      const [identity, blood, first, second] = service.memory.state.chains.get(patient.id)!.map((row) => row.event);
      const events = [identity!, blood!, second!, first!].map(({ seq: _, previous: __, ...draft }) => {
        const made = nextEvent(last, draft);
        last = { seq: made.event.seq, hash: made.hash };
        return { event: made.text, hash: made.hash };
      });
      state.lie = (route, said) =>
        route === 'list-audit' ? { ...said, body: { events: events.slice(part ? 1 : 0) } } : undefined;
      expect(await refusal(() => reader.audit())).toBe('unverified evidence');
    },
  );

  test('a checkpoint that names another entry than the chain', async () => {
    const { service, patient } = await people();
    const { event, entry } = service.memory.state.chains.get(patient.id)!.at(-1)!;
    const sign = (named: object) =>
      service.memory.ports.serviceSigner.sign('checkpoint', {
        patient: patient.id,
        seq: event.seq,
        hash: entry.hash,
        ...named,
        when: event.at,
      });
    await patient.checkpoint();
    const [name] = service.memory.state.checkpoints.keys();
    service.memory.state.checkpoints.set(name!, await sign({ entry: { number: 2, hash: entry.hash } }));
    expect(await refusal(() => patient.checkpoint())).toBe('rolled-back chain');
    service.memory.state.checkpoints.set(name!, await sign({}));
    expect(await refusal(() => patient.checkpoint())).toBe('rolled-back chain');
  });

  test('an old cell for an author, with the word that the grant has expired', async () => {
    const { state, service, patient, clinician, folder } = await people();
    const [grant] = await patient.grant({
      recipient: clinician.id,
      right: 'add',
      folders: [folder.id],
      purpose: 'TREAT',
      durationSeconds: DAY,
    });
    await patient.startEpoch(folder.id);
    await clinician.grant(grant.id);
    const old = folder.statement.jws;
    state.lie = (route, said) =>
      route === 'get-grant'
        ? { ...said, body: { ...said.body, state: 'expired', cells: [{ folder: old }] } }
        : undefined;
    const sent = service.calls.length;
    expect(await refusal(() => clinician.file(grant, TEXT, { title: 'x' }))).not.toBe('accepted');
    expect(service.calls.slice(sent)).not.toContain('begin-upload');
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

describe('the grants of the patient', () => {
  test('include one that the service leaves out, in every list where it belongs', async () => {
    const { state, patient, give } = await people();
    const [active, paused, revoked] = [await give(), await give(), await give()];
    await patient.pause(paused);
    await patient.revoke(revoked);
    state.lie = (route) => (route === 'list-grants' ? { status: 200, body: { grants: [] } } : undefined);
    const listed = async (list?: Parameters<typeof patient.listGrants>[0]) =>
      (await patient.listGrants(list)).map((g) => g.id);
    expect(await listed()).toEqual([active.id, paused.id, revoked.id]);
    expect(await listed('active')).toEqual([active.id]);
    expect(await listed('paused')).toEqual([paused.id]);
    expect(await listed('revoked')).toEqual([revoked.id]);
    expect(await listed('expired')).toEqual([]);
  });

  test.each([
    ['active', 'revoked'],
    ['paused', 'revoked'],
    ['expired', 'revoked'],
  ])('are not %s because the service says so if the patient revoked them', async (said, signed) => {
    const { state, patient, give } = await people();
    const grant = await give();
    await patient.revoke(grant);
    const change = (view: object) => ({ ...view, state: said, holds: 7, extensions: 7 });
    state.lie = (route, { status, body }) => {
      if (route === 'list-grants') return { status, body: { grants: body.grants.map(change) } };
      return route === 'get-grant' ? { status, body: change(body) } : undefined;
    };
    const expected = expect.objectContaining({ state: signed, holds: 0, extensions: 0 });
    expect(await patient.listGrants()).toEqual([expected]);
    expect(await patient.listGrants(said as 'active')).toEqual([]);
    expect(await patient.getGrant(grant.id)).toEqual(expected);
  });

  test.each([
    ['active', 1, 'paused'],
    ['paused', 0, 'active'],
    ['not-begun', 0, 'not-begun'],
    ['exhausted', 1, 'exhausted'],
  ] as const)('that are %s by the service, after %i pauses, are %s', async (said, pauses, shown) => {
    const { state, patient, give } = await people();
    const grant = await give();
    if (pauses === 1) await patient.pause(grant);
    state.lie = (route, { status, body }) =>
      route === 'get-grant' ? { status, body: { ...body, state: said } } : undefined;
    expect((await patient.getGrant(grant.id)).state).toBe(shown);
  });

  test('do not include one that the patient did not give here', async () => {
    const { state, patient, give } = await people();
    const foreign = await people();
    const other = await foreign.give();
    await give();
    state.lie = (route, { status, body }) =>
      route === 'list-grants'
        ? { status, body: { grants: [...body.grants, { ...body.grants[0], statement: other.statement.jws }] } }
        : undefined;
    expect(await refusal(() => patient.listGrants())).toBe('unverified grant');
    const view = { statement: other.statement.jws, state: 'active', used: 0, extensions: 0, tip: other.tip, holds: 0 };
    const cells = [{ folder: foreign.folder.statement.jws }];
    state.lie = (route) => (route === 'get-grant' ? { status: 200, body: { ...view, cells } } : undefined);
    expect(await refusal(() => patient.getGrant(other.id))).toBe('unverified grant');
  });

  test('have every cell that the chain names', async () => {
    const { state, patient, folder, give } = await people();
    const grant = await give();
    await patient.startEpoch(folder.id);
    state.lie = (route, { status, body }) =>
      route === 'get-grant' ? { status, body: { ...body, cells: body.cells.slice(0, 1) } } : undefined;
    expect((await patient.getGrant(grant.id)).cells.map((c) => c.epoch)).toEqual([1, 2]);
  });

  test('are refused if the service answers with another one', async () => {
    const { state, patient, give } = await people();
    const [grant, other] = [await give(), await give()];
    state.lie = (route, { status, body }) =>
      route === 'get-grant' ? { status, body: { ...body, statement: other.statement.jws } } : undefined;
    expect(await refusal(() => patient.getGrant(grant.id))).toBe('unverified grant');
  });

  test.each(['getGrant', 'listGrants'] as const)('are refused by %s if the service denies one', async (call) => {
    const { state, patient, give } = await people();
    const grant = await give();
    state.lie = (route) => {
      if (route === 'list-grants') return { status: 200, body: { grants: [] } };
      return route === 'get-grant' ? refusing(404, 'not-found') : undefined;
    };
    const called = () => (call === 'getGrant' ? patient.getGrant(grant.id) : patient.listGrants());
    expect(await refusal(called)).toBe('rolled-back grant');
  });

  test('are also those that another device gave while the list was read', async () => {
    const { patient, give, device } = await people();
    const listing = device({ before: once('list-grants', give) });
    expect(await listing.listGrants()).toHaveLength(1);
    expect(patient.id).toBe(listing.id);
  });
});

test.each([
  ['list-chain', 'entries'],
  ['list-audit', 'events'],
] as const)('a list of %s without end is refused at the first empty page', async (list, items) => {
  const { state, service, optionsOf } = await people();
  let page = 0;
  state.lie = (route, said) => (route === list ? { ...said, body: { [items]: [], next: `${++page}` } } : undefined);
  expect(await refusal(() => createPatient(optionsOf(1)).audit())).toBe('bad-answer');
  expect(service.calls.filter((route) => route === list)).toHaveLength(list === 'list-chain' ? 4 : 1);
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
