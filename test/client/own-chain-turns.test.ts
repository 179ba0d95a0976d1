// Tests how the acts of one client wait: for each other, for other devices, and not beyond an abort. It also counts how often an act reads the chain.
import { describe, expect, test } from '@jest/globals';
import { systemRng } from '../../lib/bytes/binary.ts';
import { importMemory, type Patient } from '../../lib/client/index.ts';
import { refusing } from '../support/lying-fetch.ts';
import { refusal } from './clients.ts';
import { DAY, people } from './people.ts';

const reason = new Error('the user stopped it');

/** Returns a promise, and the function that resolves it. */
const gate = () => {
  let open = (): void => undefined;
  const opened = new Promise<void>((resolve) => (open = resolve));
  return { open, opened };
};

describe('after chain-moved', () => {
  /** A client whose first `count` tries of an act lose against another device of the patient, and the waits between its tries, milliseconds. */
  const losing = async (count: number) => {
    const { device } = await people();
    const waits: number[] = [];
    const other = device();
    let lost = 0;
    const client = device(
      {
        before: async (route) => {
          if (route !== 'create-folder' || lost === count) return;
          lost += 1;
          await other.register({ name: `Eva ${lost}` });
        },
      },
      {
        sleep: (ms) => {
          waits.push(Math.ceil(ms));
          return Promise.resolve();
        },
        // The client draws four random bytes for each wait. These give the longest one.
        rng: (length) => (length === 4 ? new Uint8Array(4).fill(255) : systemRng(length)),
      },
    );
    const act = () => refusal(() => client.createFolder({ name: 'Urine', category: 'laboratory' }));
    return { act, waits };
  };

  test('the client waits before each further try, longer and longer', async () => {
    const { act, waits } = await losing(3);
    expect([await act(), waits]).toEqual(['accepted', [100, 200, 400]]);
  });

  test('the client gives up after eight tries', async () => {
    const { act, waits } = await losing(Infinity);
    expect([await act(), waits]).toEqual(['chain-moved', [100, 200, 400, 800, 1600, 3200, 5000]]);
  });

  test('the wait ends if the act is aborted', async () => {
    const { state, device, folder } = await people();
    const stop = new AbortController();
    const sleep = (_: number, signal?: AbortSignal) => {
      stop.abort(reason);
      return Promise.reject(signal?.reason as Error);
    };
    const client = device({}, { sleep });
    await client.listFolders();
    state.lie = (route) => (route === 'create-folder' ? refusing(409, 'chain-moved') : undefined);
    await expect(client.startEpoch(folder.id, { signal: stop.signal })).rejects.toBe(reason);
  });
});

describe('an act that is aborted', () => {
  /** A client whose first act waits for its answer until `open` is called. */
  const waiting = async () => {
    const all = await people();
    const { open, opened } = gate();
    const arrived = gate();
    const client = all.device({
      before: async (route) => {
        if (route !== 'create-folder') return;
        arrived.open();
        await opened;
      },
    });
    await client.listFolders();
    const first = client.startEpoch(all.folder.id);
    await arrived.opened;
    return { ...all, client, open, first };
  };

  test('while it waits for another act ends at once, and never runs', async () => {
    const { client, open, first, service, give, patient } = await waiting();
    const grant = await give();
    const before = service.calls.length;
    const stop = new AbortController();
    const second = client.pause(grant, { signal: stop.signal });
    const third = client.listFolders();
    stop.abort(reason);
    await expect(second).rejects.toBe(reason);
    open();
    await first;
    expect(await third).toHaveLength(1);
    expect(service.calls.slice(before)).not.toContain('pause-grant');
    expect(client.memory.pending()).toEqual([]);
    expect((await patient.getGrant(grant.id)).state).toBe('active');
  });

  test('before it waits is refused at once', async () => {
    const { client, open, first, folder } = await waiting();
    const done = client.listFolders({ signal: AbortSignal.abort(reason) });
    await expect(done).rejects.toBe(reason);
    open();
    await first;
    expect((await client.listFolders())[0]).toMatchObject({ id: folder.id, epoch: 2 });
  });

  test('while its memory is saved sends nothing, and leaves no pending entry', async () => {
    const { device, folder, service, epoch } = await people();
    const stop = new AbortController();
    const pending: number[] = [];
    const client = device(
      {},
      {
        save: ({ pending: { length } }) => {
          pending.push(length);
          if (length > 0) stop.abort(reason);
        },
      },
    );
    await client.listFolders();
    const before = service.calls.length;
    await expect(client.startEpoch(folder.id, { signal: stop.signal })).rejects.toBe(reason);
    expect(service.calls.slice(before)).not.toContain('create-folder');
    expect([pending.at(-1), client.memory.pending()]).toEqual([0, []]);
    expect(await epoch()).toBe(1);
    await client.startEpoch(folder.id);
    expect(await epoch()).toBe(2);
  });
});

describe('an act reads the chain at most once', () => {
  type All = Awaited<ReturnType<typeof people>>;
  type Act = readonly [name: string, act: (client: Patient, all: All) => Promise<unknown>];
  const to = ({ clinician }: All) => ({ recipient: clinician.id, purpose: 'TREAT', durationSeconds: DAY }) as const;
  const bytes = new Uint8Array(1);

  const ACTS: readonly Act[] = [
    ['register', (c) => c.register({ name: 'Eva' })],
    ['createFolder', (c) => c.createFolder({ name: 'Urine', category: 'laboratory' })],
    ['file', (c, { folder }) => c.file(folder.id, bytes, {})],
    ['startEpoch', (c, { folder }) => c.startEpoch(folder.id)],
    ['carryOver', (c, { folder }) => c.carryOver(folder.id)],
    ['grant of folders', (c, all) => c.grant({ ...to(all), folders: [all.folder.id] })],
    ['grant of categories', (c, all) => c.grant({ ...to(all), categories: ['laboratory'] })],
    ['grant of everything', (c, all) => c.grant({ ...to(all), everything: true, standing: true })],
    ['settle', (c) => c.settle()],
  ];

  const readingsOf = async (all: All, run: () => Promise<unknown>) => {
    const before = all.service.calls.length;
    await run();
    return all.service.calls.slice(before).filter((route) => route === 'list-chain').length;
  };

  test.each(ACTS)('%s', async (_, act) => {
    const all = await people();
    const client = all.device();
    expect(await readingsOf(all, () => act(client, all))).toBe(1);
    expect(await readingsOf(all, () => act(client, all))).toBeLessThanOrEqual(1);
  });

  test.each(ACTS)(
    '%s, although the grants of all folders have ended and their cells are closed first',
    async (name, act) => {
      const all = await people();
      const client = all.device();
      await client.createFolder({ name: 'Urine', category: 'laboratory' });
      await client.grant({ ...to(all), everything: true });
      all.state.now += DAY * 1000;
      expect(await readingsOf(all, () => act(client, all))).toBeLessThanOrEqual(1);
      const closes = !['register', 'startEpoch', 'carryOver'].includes(name);
      const epochs = (await client.listFolders()).slice(0, 2).map((f) => f.epoch);
      expect(epochs).toEqual(closes ? [2, 2] : name === 'startEpoch' ? [2, 1] : [1, 1]);
    },
  );

  test('and so does one after an act without an answer, although its entry is pending', async () => {
    const all = await people();
    const { state, folder } = all;
    const client = all.device();
    await client.listFolders();
    state.refuse = 'create-folder';
    await expect(client.startEpoch(folder.id)).rejects.toMatchObject({ code: 'request-closed' });
    expect(client.memory.pending()).toHaveLength(1);
    state.refuse = undefined;
    // The client has read the chain since the refusal, so it knows that the chain lacks the pending entry, and need not read it a second time.
    expect(await readingsOf(all, () => client.startEpoch(folder.id))).toBe(1);
    expect(client.memory.pending()).toEqual([]);
  });

  test('a client that shares the memory of another one reads the chain before its act', async () => {
    const all = await people();
    const memory = importMemory(all.patient.id, all.saved.at(-1));
    const [one, two] = [all.device({}, { memory }), all.device({}, { memory })];
    await two.listFolders();
    await one.createFolder({ name: 'Urine', category: 'laboratory' });
    expect(await readingsOf(all, () => two.register({ name: 'Eva' }))).toBe(1);
  });
});
