// A generated life: two devices of a patient and two recipients act at random, and every answer of the service may be false. The service may fork: it shows
// the second device another history, and joins the two again. A client may refuse to go on. It may not do what the judge finds, nor show what is false.
import fc from 'fast-check';
import { KEYS, newJudge } from './judge.ts';
import { memoryService } from '../../support/memory-service.ts';
import { copyOf } from '../../support/memory/index.ts';
import { makeMemoryServiceSigner } from '../../support/memory/service-signer.ts';
import { ROUTES } from '../../../lib/api/routes.ts';
import { PATIENT_ACTS, RECIPIENT_ACTS } from './acts.ts';
import { newDevice, type Device, type Habit, type Told, type World } from './device.ts';
import { newFacts } from './facts.ts';
import { foreign } from './foreign.ts';
import { LIES, type LieName } from './lies.ts';
import { PATIENT_VIEWS, RECIPIENT_VIEWS } from './views.ts';

const NOW = 1_767_225_600_000;
const MINUTE = 60_000;
const DAY = 86_400_000;

const namesOf = <T extends object>(table: T) => Object.keys(table) as (keyof T & string)[];

/** Changes of the world around the clients. */
const TURNS = ['wait', 'wait-a-day', 'crash', 'restart', 'lose-memory', 'fork', 'join'] as const;

const told: fc.Arbitrary<Told> = fc.record({ lie: fc.constantFrom(...LIES), pick: fc.nat(999) });

/** The lies of one step. `null` is the truth. */
const lies = fc.array(fc.oneof(told, fc.constant(null)), { minLength: 3, maxLength: 6, size: 'max' });

const habit: fc.Arbitrary<Habit> = fc
  .tuple(fc.constantFrom(...namesOf(ROUTES)), told)
  .map(([route, t]) => ({ ...t, route: route }));

/** The names of acts and views, so that a test can choose among them. */
export interface Kinds {
  readonly patient: readonly string[];
  readonly recipient: readonly string[];
  readonly turns: readonly (typeof TURNS)[number][];
}
const asViews = (names: readonly string[]): readonly string[] => names.map((name) => `see ${name}`);
export const ALL_KINDS: Kinds = {
  patient: [...namesOf(PATIENT_ACTS), 'file', 'approve', ...asViews(namesOf(PATIENT_VIEWS))],
  recipient: [...namesOf(RECIPIENT_ACTS), ...asViews(namesOf(RECIPIENT_VIEWS))],
  turns: TURNS,
};

interface Step {
  readonly who: number;
  readonly kind: string;
  readonly pick: number;
  readonly lies: readonly (Told | null)[];
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
      lies: isHonest
        ? fc.constant([])
        : fc.oneof({ arbitrary: fc.constant([]), weight: 1 }, { arbitrary: lies, weight: 2 }),
    });
  const step: fc.Arbitrary<Step> = fc.oneof(
    { arbitrary: stepOf([0, 0, 1], kinds.patient), weight: 8 },
    { arbitrary: stepOf([2, 3], kinds.recipient), weight: 3 },
    { arbitrary: stepOf([0, 1, 2, 3], kinds.turns), weight: 2 },
  );
  return fc.record({
    habits: isHonest ? fc.constant([]) : fc.array(habit, { maxLength: 2 }),
    steps: fc.array(step, { minLength: 10, maxLength: 16, size: 'max' }),
  });
};

/** How often acts and views of each kind ended without an error, over all lives. */
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

  /** Runs an act or a view. A client may refuse, with an error of its lists. */
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

  const act = async (device: Device, step: Step, index: number): Promise<void> => {
    const acts = device.party === 'patient' ? PATIENT_ACTS : RECIPIENT_ACTS;
    const given = facts.given(device.head().hash);
    const decided = acts[step.kind]!({ facts, device, given, pick: step.pick, step: index });
    if (decided === undefined) return;
    await attempt(`${device.party} does ${step.kind}`, () => device.during(step.lies, decided.wish, decided.run));
  };

  const turn = (device: Device, { who, kind, pick }: Step): void => {
    const [one, other] = [devices[0]!, devices[1]!];
    if (kind === 'wait') world.now += (1 + (pick % 300)) * MINUTE;
    if (kind === 'wait-a-day') world.now += DAY + (pick % 300) * MINUTE;
    if (kind === 'crash') device.restart(true);
    if (kind === 'restart') device.restart(false);
    if (kind === 'lose-memory' && who <= 1) devices[1] = newDevice(world, 'patient', other.service());
    if (kind === 'fork') {
      const from = one.service();
      other.moveTo(memoryService({ clock, state: copyOf(from.memory.state) }));
    }
    if (kind === 'join') other.moveTo(one.service());
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
        await view(device, name, { pick: 0, lies: [] }, true);
  };

  await begin();
  if (faults.length + judge.faults.length > 0) return [...faults, ...judge.faults];
  for (const [i, step] of steps.entries()) {
    const device = devices[step.who]!;
    if ((TURNS as readonly string[]).includes(step.kind)) turn(device, step);
    else if (step.kind.startsWith('see ')) await view(device, step.kind.slice(4), step);
    else await act(device, step, i);
    if (faults.length + judge.faults.length > 0) break;
  }
  tally.reached += judge.counts.reached;
  return [...faults, ...judge.faults];
};
