// Tests revocation during openings: eight clients of a recipient open while the patient revokes (RUNS times). After the service has confirmed the
// revocation, it answers no later opening and writes no event of the grant. Also tests a revocation during fifty openings at once.
import { beforeAll, describe, expect, test } from '@jest/globals';
import fc from 'fast-check';
import { AppError } from '../../../lib/api/errors.ts';
import type { GrantWithCells, Patient, Recipient, RecordInfo } from '../../../lib/client/index.ts';
import { bytesOf, newPerson, patientOf, recipientOf } from '../flows/people.ts';
import { countOf } from '../../support/case-counts.ts';
import { routeOf } from '../../support/function-call.ts';
import { makeService, type Service } from '../../support/in-process.ts';

const RUNS = countOf({ small: 5, full: 50, long: 1000 });
const FLOODS = countOf({ small: 1, full: 2, long: 40 });
const CLIENTS = 8;
const FLOOD = 50;
/** Number of grants of one patient, so that its trail is read once for all of them. */
const BATCH = 25;

interface Sent {
  readonly opening: string;
  /** Whether the opening was sent after the service had confirmed the revocation. */
  readonly isLate: boolean;
  readonly status: number;
}

interface Run {
  readonly sent: Sent[];
  /** Status of each answer to the revocation. */
  readonly revoked: number[];
  isAcknowledged: boolean;
  /** Called with the number of openings that succeeded so far. */
  onAnswered: (count: number) => void;
}
const newRun = (): Run => ({ sent: [], revoked: [], isAcknowledged: false, onAnswered: () => undefined });

let run = newRun();
/** The clients that open share one service; the patient has another, as separate Lambdas would. */
const [openers, patients] = [makeService({ env: process.env }), makeService({ env: process.env })];

const watched =
  (service: Service): typeof fetch =>
  async (input, init) => {
    // Requests to storage are not counted.
    if (!(input instanceof URL) || input.origin !== service.origin) return service.fetch(input, init);
    const request = new Request(input, init);
    const { pathname } = new URL(request.url);
    const route = routeOf(request.method, pathname);
    const { isAcknowledged: isLate } = run;
    const response = await service.fetch(request);
    const { status } = response;
    if (route === 'recapsulate') {
      run.sent.push({ opening: pathname.split('/').at(-1)!, isLate, status });
      run.onAnswered(run.sent.filter((s) => s.status === 200).length);
    }
    if (route === 'revoke-grant') {
      run.revoked.push(status);
      run.isAcknowledged ||= status === 200;
    }
    return response;
  };
const connectionTo = (service: Service) => ({ origin: service.origin, fetch: watched(service) });

let clients: readonly Recipient[];
beforeAll(async () => {
  const person = newPerson();
  clients = Array.from({ length: CLIENTS }, () => recipientOf(person, connectionTo(openers)));
  await clients[0]!.register();
});

interface Setup {
  readonly patient: Patient;
  readonly record: RecordInfo;
  readonly grant: GrantWithCells;
}

const newPatient = async (): Promise<Patient> => {
  const patient = patientOf(newPerson(), connectionTo(patients));
  await patient.register();
  return patient;
};

/** Makes a new folder for each run. In the same folder, the next grant would start a new epoch. */
const setUp = async (patient: Patient): Promise<Setup> => {
  const { id: folder } = await patient.createFolder({ name: 'x', category: 'other' });
  const record = await patient.file(folder, bytesOf(5), {});
  const { id: recipient } = clients[0]!;
  const terms = { recipient, folders: [folder], purpose: 'TREAT', durationSeconds: 3600 } as const;
  const [grant] = await patient.grant(terms);
  return { patient, record, grant: await clients[0]!.grant(grant.id, patient.id) };
};

const outcome = async (opening: Promise<unknown>): Promise<string> => {
  try {
    await opening;
    return 'ok';
  } catch (error) {
    if (error instanceof AppError) return error.details.reason ?? error.code;
    throw error;
  }
};

/** Revokes after `count` openings have succeeded, or at once if `count` is 0. */
const revokeAfter = async (count: number, { patient, grant }: Setup): Promise<void> => {
  if (count > 0)
    await new Promise<void>((resolve) => {
      run.onAnswered = (answered) => {
        if (answered >= count) resolve();
      };
    });
  await patient.revoke(grant);
};

/** The openings of one run that succeeded, for the comparison with the trail. */
interface RunResult {
  readonly grant: string;
  readonly answered: readonly string[];
}

const checkRun = async ({ record, grant }: Setup): Promise<RunResult> => {
  // The client repeats the revocation only after a 503.
  expect(run.revoked.filter((status) => status !== 503)).toEqual([200]);
  expect(run.sent.filter((s) => s.isLate && s.status === 200)).toEqual([]);
  for (const client of clients.slice(0, 2)) expect(await outcome(client.open(grant, [record]))).toBe('revoked');
  const answered = run.sent.filter((s) => s.status === 200).map((s) => s.opening);
  return { grant: grant.id, answered };
};

/** Expects that the revocation is the last event of each grant, and that each successful opening has one event before it. */
const checkTrail = async (patient: Patient, runs: readonly RunResult[]): Promise<void> => {
  const events = await patient.audit();
  for (const { grant, answered } of runs) {
    const own = events.filter((e) => e.subject.grant === grant && e.kind !== 'access-granted');
    expect(own.at(-1)!.kind).toBe('grant-revoked');
    expect(own.slice(0, -1).map((e) => e.kind)).toEqual(answered.map(() => 'records-opened'));
    expect(
      own
        .slice(0, -1)
        .map((e) => e.subject.opening)
        .sort(),
    ).toEqual([...answered].sort());
  }
};

describe('a revocation while eight clients of one recipient open records', () => {
  const seed = Date.now() % 2 ** 31;
  process.stdout.write(`revocation: seed ${seed}\n`);
  const counts = fc.sample(fc.nat(CLIENTS), { seed, numRuns: RUNS });
  const batches = Array.from({ length: Math.ceil(RUNS / BATCH) }, (_, i) => counts.slice(i * BATCH, (i + 1) * BATCH));

  const race = async (count: number, patient: Patient): Promise<RunResult> => {
    run = newRun();
    const data = await setUp(patient);
    const { grant, record } = data;
    const opening = async (client: Recipient): Promise<string> => {
      let last = 'ok';
      while (last === 'ok') last = await outcome(client.open(grant, [record]));
      return last;
    };
    const [ends] = await Promise.all([Promise.all(clients.map(opening)), revokeAfter(count, data)]);
    expect(ends).toEqual(ends.map(() => 'revoked'));
    return checkRun(data);
  };

  test.each(batches.map((batch, i) => [i * BATCH, batch] as const))(
    'no opening succeeds after it is confirmed, from run %i',
    async (_, batch) => {
      const patient = await newPatient();
      const runs: RunResult[] = [];
      for (const count of batch) runs.push(await race(count, patient));
      await checkTrail(patient, runs);
    },
    600_000,
  );
});

test(`a revocation during ${FLOOD} concurrent openings succeeds, ${FLOODS} times`, async () => {
  const patient = await newPatient();
  const runs: RunResult[] = [];
  for (let i = 0; i < FLOODS; i++) {
    run = newRun();
    const data = await setUp(patient);
    const { grant, record } = data;
    const flood = Array.from({ length: FLOOD }, (_, n) => outcome(clients[n % CLIENTS]!.open(grant, [record])));
    const [ends] = await Promise.all([Promise.all(flood), revokeAfter(i % 2, data)]);
    for (const end of ends) expect(['ok', 'revoked']).toContain(end);
    expect(ends).toContain('revoked');
    runs.push(await checkRun(data));
  }
  await checkTrail(patient, runs);
}, 600_000);
