// A generated life: two devices of a patient and two recipients act at random, and every answer of the service may be false. The service may fork: it shows
// the second device another history, and joins the two again. A client may refuse to go on. It must not do what the judge reports as a fault, nor show
// its user what is false.
import fc from 'fast-check';
import { KEYS, newJudge } from './judge-sent-calls.ts';
import { memoryService } from '../../support/memory-service.ts';
import { copyOf, type State } from '../../support/memory/index.ts';
import { makeMemoryServiceSigner } from '../../support/memory/service-signer.ts';
import { PATIENT_ACTS, RECIPIENT_ACTS } from './acts.ts';
import { newDevice, type Device, type Habit, type Lies, type Told, type World } from './device.ts';
import { newFacts, type Given } from './facts.ts';
import { foreign } from './foreign.ts';
import type { RouteName } from '../../../lib/api/routes.ts';
import type { LieName } from './lies.ts';
import { PATIENT_VIEWS, RECIPIENT_VIEWS } from './views.ts';

const NOW = 1_767_225_600_000;
const MINUTE = 60_000;
const DAY = 86_400_000;

/** Events around the clients: time passes, a device restarts, crashes or loses its memory, or the service shows it another history (see `turn`). */
const TURNS = ['wait', 'wait-a-day', 'crash', 'restart', 'lose-memory', 'fork', 'rewind', 'join'] as const;

const told: fc.Arbitrary<Told> = fc.record({ lie: fc.nat(9999), pick: fc.nat(999) });
const orTruth = fc.oneof(told, fc.constant(null));

const HONEST: Lies = { onAct: null, onRead: [] };
const lies: fc.Arbitrary<Lies> = fc.oneof(
  fc.constant(HONEST),
  fc.record({ onAct: told, onRead: fc.constant([]) }),
  fc.record({ onAct: fc.constant(null), onRead: fc.array(orTruth, { minLength: 3, maxLength: 6 }) }),
);

/** Routes about which a service may lie for a whole life. */
const HABITS: readonly RouteName[] = [
  'list-grants',
  'list-cell-grants',
  'get-grant',
  'list-records',
  'get-record',
  'list-audit',
  'list-requests',
  'list-chain',
  'get-time',
];

/** The names of acts and views, so that a test can choose among them. */
export interface Kinds {
  readonly patient: readonly string[];
  readonly recipient: readonly string[];
  readonly turns: readonly (typeof TURNS)[number][];
  /** The routes about which a service may lie for a whole life. */
  readonly about: readonly RouteName[];
}
const asViews = (names: readonly string[]): readonly string[] => names.map((name) => `see ${name}`);
const often = (count: number, ...names: readonly string[]): readonly string[] =>
  Array.from({ length: count }, () => names).flat();
/** Acts that give or use access come more often. */
export const ALL_KINDS: Kinds = {
  patient: [
    ...Object.keys(PATIENT_ACTS),
    ...often(6, 'file'),
    ...often(3, 'grant', 'approve', 'revoke', 'start-epoch'),
    ...often(2, 'grant-everything', 'deny', 'rename'),
    ...asViews(Object.keys(PATIENT_VIEWS)),
    ...often(2, 'see records', 'see audit', 'see grants'),
  ],
  recipient: [
    ...Object.keys(RECIPIENT_ACTS),
    ...often(4, 'add'),
    ...asViews(Object.keys(RECIPIENT_VIEWS)),
    ...often(2, 'see grant', 'see records', 'see open'),
  ],
  turns: [...TURNS, 'wait-a-day', 'lose-memory'],
  about: HABITS,
};

interface Step {
  readonly who: number;
  readonly kind: string;
  readonly pick: number;
  readonly lies: Lies;
}
export interface Life {
  readonly habits: readonly Habit[];
  readonly steps: readonly Step[];
}

export const livesOf = (kinds: Kinds, isHonest = false): fc.Arbitrary<Life> => {
  const stepOf = (who: readonly number[], names: readonly string[]) =>
    fc.record({
      who: fc.constantFrom(...who),
      kind: fc.constantFrom(...names),
      pick: fc.nat(999),
      lies: isHonest ? fc.constant(HONEST) : lies,
    });
  const habit: fc.Arbitrary<Habit> = fc.record({
    route: fc.constantFrom(...kinds.about),
    lie: fc.nat(9999),
    pick: fc.nat(999),
  });
  const among = [
    { names: kinds.patient, who: [0, 0, 1], weight: 8 },
    { names: kinds.recipient, who: [2, 3], weight: 3 },
    { names: kinds.turns, who: [0, 1, 2, 3], weight: 2 },
  ].filter(({ names }) => names.length > 0);
  const step: fc.Arbitrary<Step> = fc.oneof(
    ...among.map(({ names, who, weight }) => ({ arbitrary: stepOf(who, names), weight })),
  );
  return fc.record({
    habits: isHonest ? fc.constant([]) : fc.array(habit, { maxLength: 2 }),
    steps: fc.array(step, { minLength: 10, maxLength: 16, size: 'max' }),
  });
};

/** Counts over all lives: acts and views that ended without an error, those that were refused, the lies told, and the key fragments that opened a wrap. */
export interface Tally {
  readonly done: Map<string, number>;
  readonly refused: Map<string, number>;
  readonly told: Map<LieName, number>;
  reached: number;
}
export const newTally = (): Tally => ({ done: new Map(), refused: new Map(), told: new Map(), reached: 0 });
const count = <K>(map: Map<K, number>, name: K): void => void map.set(name, (map.get(name) ?? 0) + 1);

const codeOf = (error: unknown): string | undefined => (error as { readonly code?: string }).code;

/** Errors with which a client says that the service lies or fails. */
const DISTRUST = new Set([
  'unverified',
  'rolled-back',
  'bad-answer',
  'network',
  'wrong-clock',
  'upload-failed',
  'download-failed',
]);

/** Lives one life. @returns the faults of the clients. A life ends with the first step that has one. */
export const live = async ({ habits, steps }: Life, tally: Tally, isHonest = false): Promise<readonly string[]> => {
  const elsewhere = await foreign();
  const facts = newFacts();
  const serviceKey = await makeMemoryServiceSigner().key();
  const judge = newJudge(facts, { now: () => world.now, service: serviceKey });
  const clock = () => world.now + world.skew;
  const world: World = {
    now: NOW,
    skew: 0,
    devices: 0,
    judge,
    habits,
    serviceKey,
    answers: new Map(),
    blobs: [],
    liar: () => ({
      grants: [...[...facts.signed.values()].flatMap((s) => (s.kind === 'grant' ? [s.jws] : [])), ...elsewhere.grants],
      foreign: elsewhere.entries,
      hashes: [...facts.signed.keys()],
      now: world.now,
    }),
    told: tally.told,
  };
  const first = memoryService({ clock });
  const devices: Device[] = [
    newDevice(world, 'patient', first),
    newDevice(world, 'patient', first),
    newDevice(world, 'clinician', first),
    newDevice(world, 'registrar', first),
  ];
  const faults: string[] = [];
  /** The states of the first service before each step. */
  const states: State[] = [];

  /** Runs an act or a view. A client may refuse with an error that has a code. @returns the result, or undefined after an error */
  const attempt = async (name: string, run: () => Promise<unknown>): Promise<unknown> => {
    try {
      const result = await run();
      count(tally.done, name);
      return result;
    } catch (error) {
      count(tally.refused, name);
      const code = codeOf(error);
      if (code === undefined) faults.push(`an error without a code: ${(error as Error).stack}`);
      else if (isHonest && DISTRUST.has(code))
        faults.push(`an honest life is refused: ${name}: ${code} ${(error as Error).message}`);
      return undefined;
    }
  };

  const view = async (
    device: Device,
    name: string,
    { pick, lies: said }: Pick<Step, 'pick' | 'lies'>,
    quiet = false,
  ) => {
    const views = device.party === 'patient' ? PATIENT_VIEWS : RECIPIENT_VIEWS;
    const run = () => views[name]!({ facts, device, pick });
    const found = await attempt(`${device.party} sees ${name}`, () =>
      device.during(quiet ? undefined : said, undefined, run),
    );
    faults.push(...((found ?? []) as readonly string[]));
  };

  /** Returns the access that the chain of the device gives. */
  const givenTo = (device: Device): Given | undefined => {
    try {
      return facts.given(device.head().hash);
    } catch {
      faults.push('a device follows a chain that no device of this life signed');
      return undefined;
    }
  };

  const act = async (device: Device, step: Step, index: number): Promise<void> => {
    const acts = device.party === 'patient' ? PATIENT_ACTS : RECIPIENT_ACTS;
    const given = givenTo(device);
    if (given === undefined) return;
    const decided = acts[step.kind]!({ facts, device, given, pick: step.pick, step: index });
    if (decided === undefined) return;
    await attempt(`${device.party} does ${step.kind}`, () => device.during(step.lies, decided.wish, decided.run));
  };

  const turn = (device: Device, { who, kind, pick }: Step): void => {
    if (kind === 'wait') world.now += (1 + (pick % 300)) * MINUTE;
    if (kind === 'wait-a-day') world.now += DAY + (pick % 300) * MINUTE;
    if (kind === 'crash') device.restart(true);
    if (kind === 'restart') device.restart(false);
    if (kind === 'lose-memory' && who <= 1) devices[1] = newDevice(world, 'patient', devices[1]!.service());
    // After `fork` or `rewind`, the service shows this device a history of its own, which begins with the present state or the state at an earlier step.
    if (kind === 'fork') device.moveTo(memoryService({ clock, state: copyOf(device.service().memory.state) }));
    if (kind === 'rewind') device.moveTo(memoryService({ clock, state: copyOf(states[pick % states.length]!) }));
    if (kind === 'join') device.moveTo(first);
  };

  /** Sets up the life with an honest service. */
  const begin = async (): Promise<void> => {
    const [one, , clinician, registrar] = devices.map((d) => d) as [Device, Device, Device, Device];
    const quiet = <T>(device: Device, run: () => Promise<T>, wish = {}) => device.during(undefined, wish, run);
    const filing = { title: 'First title', text: 'First text' };
    await quiet(one, () => one.patient().register());
    await quiet(clinician, () => clinician.recipient().register({ name: 'Praxis' }));
    await quiet(registrar, () => registrar.recipient().register({ name: 'Labor' }));
    const { id } = await quiet(one, () => one.patient().createFolder({ name: 'Blood', category: 'laboratory' }));
    await quiet(one, () => one.patient().file(id, new TextEncoder().encode(filing.text), { title: filing.title }), {
      filing,
    });
    const terms = { purpose: 'TREAT', durationSeconds: DAY / 1000 } as const;
    const ask = { patient: KEYS.patient.id, folders: [id], ...terms };
    await quiet(clinician, () => clinician.recipient().request(ask));
    await quiet(registrar, () => registrar.recipient().request({ ...ask, rights: ['read', 'add', 'write'] }));
    const standing = { recipient: KEYS.clinician.id, everything: true, standing: true, ...terms } as const;
    await quiet(one, () => one.patient().grant(standing), { recipient: KEYS.clinician.id });
    const adding = { recipient: KEYS.registrar.id, folders: [id], right: 'add' as const, ...terms };
    await quiet(one, () => one.patient().grant(adding), { recipient: KEYS.registrar.id });
    for (const device of devices)
      for (const name of ['grants', 'grant', 'requests', ...(device === registrar ? [] : ['records'])])
        await view(device, name, { pick: 0, lies: HONEST }, true);
  };

  await begin();
  if (faults.length + judge.faults.length > 0) return [...faults, ...judge.faults];
  for (const [i, step] of steps.entries()) {
    states.push(copyOf(first.memory.state));
    const device = devices[step.who]!;
    if ((TURNS as readonly string[]).includes(step.kind)) turn(device, step);
    else if (step.kind.startsWith('see ')) await view(device, step.kind.slice(4), step);
    else await act(device, step, i);
    if (faults.length + judge.faults.length > 0) break;
  }
  tally.reached += judge.counts.reached;
  return [...faults, ...judge.faults];
};
