// A recipient opens with eight clients while the patient revokes: when the revocation is acknowledged nothing that is sent later is answered,
// and nothing of the grant enters the trail. RUNS times; and a revocation under a flood of fifty openings at once.
import { beforeAll, describe, expect, test } from '@jest/globals';
import fc from 'fast-check';
import { AppError } from '../../../lib/api/errors.ts';
import type { GrantWithCells, Patient, Recipient, RecordInfo } from '../../../lib/client/index.ts';
import { bytesOf, newPerson, patientOf, recipientOf } from '../flows/people.ts';
import { countOf } from '../../support/case-counts.ts';
import { makeService, routeOf, type Service } from '../../support/in-process.ts';

const RUNS = countOf({ small: 5, full: 50, long: 1000 });
const FLOODS = countOf({ small: 1, full: 2, long: 40 });
const CLIENTS = 8;
const FLOOD = 50;
/** Grants of one patient: its trail is read once for all of them. */
const BATCH = 25;

interface Sent {
  readonly opening: string;
  /** The revocation was acknowledged before it was sent. */
  readonly isLate: boolean;
  readonly status: number;
}

interface Run {
  readonly sent: Sent[];
  /** Status of each answer to the revocation. */
  readonly revoked: number[];
  isAcknowledged: boolean;
  /** Told how many openings were answered. */
  onAnswered: (count: number) => void;
}
const newRun = (): Run => ({ sent: [], revoked: [], isAcknowledged: false, onAnswered: () => undefined });

let run = newRun();
/** Those who open share connections to the local AWS; the patient has its own, as every Lambda has. */
const [openers, patients] = [makeService({ env: process.env }), makeService({ env: process.env })];

const watched =
  (service: Service): typeof fetch =>
  async (input, init) => {
    // Storage is not the service's.
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
const over = (service: Service) => ({ origin: service.origin, fetch: watched(service) });

let clients: readonly Recipient[];
beforeAll(async () => {
  const person = newPerson();
  clients = Array.from({ length: CLIENTS }, () => recipientOf(person, over(openers)));
  await clients[0]!.register();
});

interface Given {
  readonly patient: Patient;
  readonly record: RecordInfo;
  readonly grant: GrantWithCells;
}

const newPatient = async (): Promise<Patient> => {
  const patient = patientOf(newPerson(), over(patients));
  await patient.register();
  return patient;
};

/** A folder of its own for every run: what ended before does not come back in the next grant. */
const given = async (patient: Patient): Promise<Given> => {
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

/** Revokes when so many openings were answered; at once for 0. */
const revokedAfter = async (count: number, { patient, grant }: Given): Promise<void> => {
  if (count > 0)
    await new Promise<void>((resolve) => {
      run.onAnswered = (answered) => {
        if (answered >= count) resolve();
      };
    });
  await patient.revoke(grant);
};

/** What a run has to show in the trail. */
interface Shown {
  readonly grant: string;
  readonly answered: readonly string[];
}

const promised = async ({ record, grant }: Given): Promise<Shown> => {
  // A busy store is answered by sending it again, and by nothing else.
  expect(run.revoked.filter((status) => status !== 503)).toEqual([200]);
  expect(run.sent.filter((s) => s.isLate && s.status === 200)).toEqual([]);
  for (const client of clients.slice(0, 2)) expect(await outcome(client.open(grant, [record]))).toBe('revoked');
  const answered = run.sent.filter((s) => s.status === 200).map((s) => s.opening);
  return { grant: grant.id, answered };
};

/** The revocation is the last of its grant, and before it is what was answered, each once. */
const shownBy = async (patient: Patient, runs: readonly Shown[]): Promise<void> => {
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

describe('revoking while eight clients of one recipient open', () => {
  const seed = Date.now() % 2 ** 31;
  process.stdout.write(`revocation: seed ${seed}\n`);
  const counts = fc.sample(fc.nat(CLIENTS), { seed, numRuns: RUNS });
  const batches = Array.from({ length: Math.ceil(RUNS / BATCH) }, (_, i) => counts.slice(i * BATCH, (i + 1) * BATCH));

  const raced = async (count: number, patient: Patient): Promise<Shown> => {
    run = newRun();
    const story = await given(patient);
    const { grant, record } = story;
    const opening = async (client: Recipient): Promise<string> => {
      let last = 'ok';
      while (last === 'ok') last = await outcome(client.open(grant, [record]));
      return last;
    };
    const [ends] = await Promise.all([Promise.all(clients.map(opening)), revokedAfter(count, story)]);
    expect(ends).toEqual(ends.map(() => 'revoked'));
    return promised(story);
  };

  test.each(batches.map((batch, i) => [i * BATCH, batch] as const))(
    'from run %i',
    async (_, batch) => {
      const patient = await newPatient();
      const runs: Shown[] = [];
      for (const count of batch) runs.push(await raced(count, patient));
      await shownBy(patient, runs);
    },
    600_000,
  );
});

test(`a revocation under ${FLOOD} openings at once is answered, ${FLOODS} times`, async () => {
  const patient = await newPatient();
  const runs: Shown[] = [];
  for (let i = 0; i < FLOODS; i++) {
    run = newRun();
    const story = await given(patient);
    const { grant, record } = story;
    const flood = Array.from({ length: FLOOD }, (_, n) => outcome(clients[n % CLIENTS]!.open(grant, [record])));
    const [ends] = await Promise.all([Promise.all(flood), revokedAfter(i % 2, story)]);
    for (const end of ends) expect(['ok', 'revoked']).toContain(end);
    expect(ends).toContain('revoked');
    runs.push(await promised(story));
  }
  await shownBy(patient, runs);
}, 600_000);
