// Tests two devices of one patient that act at once, in random orders, and lose answers: no statement is lost, and no number is used twice.
import { expect, test } from '@jest/globals';
import fc from 'fast-check';
import { toBase64url, utf8 } from '../../lib/bytes/codec.ts';
import { createPatient, createRecipient, importMemory, type MemorySnapshot } from '../../lib/client/index.ts';
import { createAccessFold, cellsOf, type GivenAccess } from '../../lib/client/chain/given-access.ts';
import { verifyEntry } from '../../lib/client/chain/verify-entries.ts';
import type { ClientOptions } from '../../lib/client/session/context.ts';
import { deviceKeys } from '../../lib/identity/key-derivation.ts';
import type { GrantCell } from '../../lib/statements/kinds.ts';
import { reloadStatement } from '../../lib/statements/verify.ts';
import { fill } from '../statements/samples.ts';
import { cases, countOf, seeded } from '../support/case-counts.ts';
import { createInterleaver } from '../support/interleave.ts';
import { memoryService, ORIGIN } from '../support/memory-service.ts';
import { refusal } from './clients.ts';
import { DAY } from './people.ts';
import { perform, randomAct, type ActKind, type Changed, type RandomAct } from './random-acts.ts';

const RUNS = countOf({ small: 3, full: 10, long: 200 });

/** A number from 0 to `count` - 1. */
type Choose = (count: number) => number;

/** An entry that a device has sent. */
interface Sent {
  readonly entry: string;
  /** Whether the service's confirmation reached the device. */
  readonly confirmed: boolean;
}

const sleep = () => Promise.resolve();
const NOW = 1_767_225_600_000;

/** Sets up a patient with two folders, records and pending requests at an honest service. No answer is lost during this. */
const hospital = async (choose: Choose) => {
  const { gate, schedule, run } = createInterleaver(choose);
  const service = memoryService({ clock: () => NOW, schedule });
  const sent: Sent[] = [];
  const state = { loses: false };
  const lossy: typeof fetch = async (input, init) => {
    const request = new Request(input, init);
    const isCall = request.url.startsWith(ORIGIN) && request.method !== 'GET';
    const { entry } = (isCall ? await request.clone().json() : {}) as { entry?: string };
    const isLost = state.loses && entry !== undefined && choose(6) === 0;
    const note = (confirmed: boolean) => entry !== undefined && sent.push({ entry, confirmed });
    if (isLost) note(false);
    if (isLost && choose(2) === 0) throw new TypeError('the request was lost');
    const answer = await service.fetch(request);
    await gate();
    if (isLost) throw new TypeError('the answer was lost');
    note(answer.ok);
    return answer;
  };
  const optionsOf = (seed: number, more: Partial<ClientOptions> = {}): ClientOptions => ({
    origin: ORIGIN,
    storageOrigins: ['https://blobs.test'],
    keys: deviceKeys(fill(seed, 32)),
    next: toBase64url(fill(9, 32)),
    fetch: lossy,
    clock: () => NOW,
    sleep,
    tries: 1,
    ...more,
  });
  const device = () => {
    const saved: MemorySnapshot[] = [];
    const start = (more: Partial<ClientOptions> = {}) =>
      createPatient(optionsOf(1, { save: (memory) => void saved.push(memory), ...more }));
    /** Starts the application again, with the memory that it saved last. */
    const again = () => start({ memory: importMemory(deviceKeys(fill(1, 32)).id, saved.at(-1)) });
    return { start, again };
  };
  const patient = device().start();
  const clinician = createRecipient(optionsOf(2));
  await patient.register();
  await clinician.register({ name: 'Praxis' });
  for (const category of ['laboratory', 'imaging'] as const) {
    const { id } = await patient.createFolder({ name: category, category });
    await patient.file(id, utf8('text'), {});
    await clinician.request({ patient: patient.id, folders: [id], purpose: 'TREAT', durationSeconds: DAY });
  }
  await patient.grant({
    recipient: clinician.id,
    everything: true,
    standing: true,
    purpose: 'TREAT',
    durationSeconds: DAY,
  });
  return { service, state, sent, run, device, optionsOf, id: patient.id, clinician };
};
type Hospital = Awaited<ReturnType<typeof hospital>>;

/** Refusals that an honest service and lost answers may cause. */
const EXPECTED = new Set([
  'network',
  'request-closed',
  'grant-ended',
  'chain-moved',
  'bad-argument',
  'not-found',
  'statement-outdated',
]);

const meansDone: Readonly<Partial<Record<ActKind, (given: GivenAccess, id: never) => boolean>>> = {
  'create-folder': ({ folders }, id) => folders.has(id),
  grant: ({ grants }, id) => grants.has(id),
  'grant-everything': ({ grants }, id) => grants.has(id),
  revoke: ({ grants }, id) => grants.get(id)?.revocation !== undefined,
  approve: ({ answers }, id) => answers.get(id) === 'approved',
  deny: ({ answers }, id) => answers.get(id) === 'denied',
  delete: ({ deletions }, id) => deletions.has(id),
};

interface Done {
  readonly kind: ActKind;
  readonly id: Changed;
}

/** Lets two devices act at once, while answers are lost. @returns the devices, and the acts that ended without an error */
const race = async (all: Hospital, lives: readonly (readonly RandomAct[])[]) => {
  const done: Done[] = [];
  const refusals: string[] = [];
  const devices = lives.map(() => {
    const { start, again } = all.device();
    return { now: start(), again };
  });
  const live = async (of: (typeof devices)[number], acts: readonly RandomAct[]) => {
    for (const act of acts) {
      const outcome = await refusal(async () => {
        done.push({ kind: act.kind, id: await perform(of.now, act, all.clinician.id) });
      });
      refusals.push(outcome);
      if (outcome === 'network') of.now = of.again();
    }
  };
  all.state.loses = true;
  await all.run(Object.fromEntries(lives.map((acts, i) => [`device ${i}`, () => live(devices[i]!, acts)])));
  all.state.loses = false;
  expect(refusals.filter((r) => r !== 'accepted' && !EXPECTED.has(r))).toEqual([]);
  // Each device names its last unconfirmed entries as void, and settles.
  const last = async ({ now }: (typeof devices)[number]) => {
    await now.createFolder({ name: 'Last', category: 'other' });
    await now.settle();
    // One entry names at most 8 entries as void. No device has more than 64 unconfirmed entries, so 8 further acts suffice.
    for (let i = 0; i < 8 && now.memory.pending().length > 0; i++)
      await now.createFolder({ name: 'Another', category: 'other' });
  };
  await all.run({ 'device 0': () => last(devices[0]!), 'device 1': () => last(devices[1]!) });
  await devices[0]!.now.settle();
  return { devices: devices.map((d) => d.now), done };
};

/** Verifies the chain that the service has. Returns its entries, and the access that they give. */
const chainOf = async ({ service, id }: Hospital) => {
  const stored = service.memory.state.entries.get(id)!;
  const fold = createAccessFold();
  for (const { statement, statements, voided } of stored) {
    const owner = { id, service: statement.payload.service };
    fold.apply(await verifyEntry(fold.state().head, { entry: statement.jws, statements, voided }, owner));
  }
  return { stored: stored.map((s) => s.statement), given: fold.state() };
};

const check = async (all: Hospital, { devices, done }: Awaited<ReturnType<typeof race>>): Promise<void> => {
  const { stored, given } = await chainOf(all);
  const hashes = stored.map((s) => s.hash);
  const statements = stored.flatMap((s) => s.payload.statements);
  const voids = new Set(stored.flatMap((s) => s.payload.voids ?? []).map((v) => v.entry));

  expect(stored.map((s) => s.payload.number)).toEqual(stored.map((_, i) => i + 1));
  expect(new Set(statements).size).toBe(statements.length);
  expect(done.filter(({ kind, id }) => id !== undefined && meansDone[kind]?.(given, id as never) === false)).toEqual(
    [],
  );

  const ofPatient = all.sent
    .map(({ entry, confirmed }) => ({ entry: reloadStatement('entry', entry), confirmed }))
    .filter(({ entry }) => entry.payload.id === all.id);
  for (const { entry, confirmed } of ofPatient) {
    const isIn = hashes.includes(entry.hash);
    expect(isIn || (!confirmed && voids.has(entry.hash))).toBe(true);
    expect(isIn && voids.has(entry.hash)).toBe(false);
  }

  const newest = new Set([...given.folders.values()].map((cells) => cells.at(-1)!.hash));
  const isOpen = ({ statement, kfrags }: GrantCell): boolean => kfrags.length > 0 && newest.has(statement);
  expect(given.voided.flatMap((v) => v.payload.cells).filter(isOpen)).toEqual([]);
  for (const grant of given.grants.values()) {
    if (grant.revocation === undefined) continue;
    const end = given.entries.get(grant.revocation.hash)!.entry.payload.number;
    const cells = cellsOf(grant).map((c) => given.entries.get(c.statement)!.entry.payload.number);
    expect(Math.max(...cells)).toBeLessThan(end);
    expect(cellsOf(grant).filter(isOpen)).toEqual([]);
  }

  const third = createPatient(all.optionsOf(1));
  const views = [];
  for (const client of [third, ...devices]) {
    const folders = await client.listFolders();
    const lacking = [];
    for (const { id } of folders) lacking.push(...(await client.outstanding(id)).map((g) => g.id));
    views.push({ folders, lacking, head: client.memory.chainHead(), pending: client.memory.pending() });
  }
  expect(views[0]!.head).toEqual(given.head);
  expect(views[0]!.pending).toEqual([]);
  expect(views[1]).toEqual(views[0]);
  expect(views[2]).toEqual(views[0]);
};

test(`two devices act at once: every act is in the chain once, or void, in ${RUNS} runs, ${seeded}`, async () => {
  const life = fc.array(randomAct, { minLength: 4, maxLength: 8, size: 'max' });
  const property = fc.asyncProperty(life, life, fc.infiniteStream(fc.nat(9999)), async (one, other, numbers) => {
    const choose: Choose = (count) => (numbers.next().value as number) % count;
    const all = await hospital(choose);
    await check(all, await race(all, [one, other]));
  });
  await fc.assert(property, { ...cases(RUNS), numRuns: RUNS, endOnFailure: true });
}, 3_600_000);
