// Tests a revocation during openings in SCHEDULES random orders: a scheduler delays each step of the stores before it runs, and again before its
// answer arrives.
import { beforeAll, expect, test } from '@jest/globals';
import fc from 'fast-check';
import { AppError } from '../../lib/api/errors.ts';
import type { Statement } from '../../lib/statements/kinds.ts';
import { countOf } from '../support/case-counts.ts';
import { copyOf, makeMemory, type Schedule, type State } from '../support/memory/index.ts';
import { openingOf, patient, recipient, revocationOf } from '../usecases/people.ts';
import { clinic, send, trailOf, type Clinic } from '../usecases/clinic.ts';

const SCHEDULES = countOf({ small: 100, full: 500, long: 10_000 });

interface Setup {
  readonly w: Clinic;
  /** The openings that each client sends, one after the other. The last client sends one opening twice. */
  readonly openings: readonly (readonly Statement<'opening'>[])[];
  readonly revocation: Statement<'revocation'>;
}
let setup: Setup;
beforeAll(async () => {
  const w = await clinic();
  const { grant } = w.grant.statement.payload;
  const opening = () => openingOf(recipient, w.folder, [w.letter.statement], { grant });
  const pair = async () => [await opening(), await opening()];
  const twice = await opening();
  const openings = [await pair(), [await opening()], [twice, twice]];
  setup = { w, openings, revocation: await revocationOf(w.grant.statement) };
});

const stepped =
  (s: fc.Scheduler): Schedule =>
  async (name, step) => {
    await s.schedule(Promise.resolve(), name);
    const answer = step();
    await s.schedule(Promise.resolve(), `${name} is answered`);
    return answer;
  };

const ended = (error: unknown): string => {
  if (!(error instanceof AppError)) throw error;
  return error.details.reason ?? error.code;
};

interface SentOpening {
  readonly id: string;
  /** Whether the opening was sent after the revocation was acknowledged. */
  readonly isLate: boolean;
  readonly outcome: string;
}

const runOnce = async (s: fc.Scheduler, state: State) => {
  const { w, openings, revocation } = setup;
  const memory = makeMemory({ state, schedule: stepped(s) });
  const { serviceSigner } = memory.ports;
  // The scheduler delays the service's signatures too. Otherwise every step of the other calls would run before a signature is ready.
  const answer: typeof serviceSigner.answer = (payload) =>
    s.schedule(serviceSigner.answer(payload), 'serviceSigner.answer');
  const service = { ...memory, ports: { ...memory.ports, serviceSigner: { ...serviceSigner, answer } } };
  const sent: SentOpening[] = [];
  let isRevoked = false;

  const open = async (statement: Statement<'opening'>): Promise<void> => {
    const isLate = isRevoked;
    const { opening } = statement.payload;
    const call = send(service, 'recapsulate', recipient, {
      params: { openingId: opening },
      body: { statement: statement.jws },
    });
    const outcome = await call.then(() => 'ok', ended);
    sent.push({ id: opening, isLate, outcome });
  };
  const client = async (statements: readonly Statement<'opening'>[]): Promise<void> => {
    for (const statement of statements) {
      await s.schedule(Promise.resolve(), 'a client opens');
      await open(statement);
    }
  };
  const revoke = async (): Promise<void> => {
    await s.schedule(Promise.resolve(), 'the patient revokes');
    const { grant } = w.grant.statement.payload;
    await send(service, 'revoke-grant', patient, {
      params: { grantId: grant },
      body: { statement: revocation.jws },
    });
    isRevoked = true;
  };

  const all = Promise.all([...openings.map(client), revoke()]);
  await s.waitFor(all);
  return { sent, trail: trailOf(service, patient) };
};

/** All outcomes of openings that were sent before and after the acknowledgement, in all schedules. */
const seen = new Set<string>();

test(`revokes a grant during openings, in ${SCHEDULES} schedules`, async () => {
  const seed = Date.now() % 2 ** 31;
  process.stdout.write(`interleavings: seed ${seed}\n`);
  const property = fc.asyncProperty(fc.scheduler(), async (s) => {
    const { sent, trail } = await runOnce(s, copyOf(setup.w.state));
    for (const { isLate, outcome } of sent) seen.add(`${isLate ? 'late' : 'early'}: ${outcome}`);
    // No opening that was sent after the acknowledgement is answered.
    expect(sent.filter((o) => o.isLate && o.outcome !== 'revoked')).toEqual([]);
    // The revocation is the last event. Each answered opening has exactly one event before it.
    expect(trail.at(-1)!.kind).toBe('grant-revoked');
    const opened = trail.filter((e) => e.kind === 'records-opened').map((e) => e.subject.opening);
    const answered = new Set(sent.filter((o) => o.outcome === 'ok').map((o) => o.id));
    expect([...opened].sort()).toEqual([...answered].sort());
  });
  await fc.assert(property, { numRuns: SCHEDULES, seed });
}, 3_600_000);

test('the schedules met every case: early and answered, early and refused, late and refused', () => {
  expect([...seen].sort()).toEqual(['early: ok', 'early: revoked', 'late: revoked']);
});
