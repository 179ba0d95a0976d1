// Tests eight concurrent writers at one patient's audit trail (EACH events of each writer): all of them need the same head. Every call succeeds, and each event
// is in the trail exactly once.
import { beforeAll, expect, test } from '@jest/globals';
import { newId, type FolderId, type IdentityId, type OpeningId } from '../../../lib/bytes/ids.ts';
import type { Grant, Patient, RecordInfo } from '../../../lib/client/index.ts';
import type { AuditEvent } from '../../../lib/domain/audit-chain.ts';
import type { Payload } from '../../../lib/statements/kinds.ts';
import { signStatement } from '../../../lib/statements/sign.ts';
import { bytesOf, DAY_SECONDS, given, newPerson, patientOf, recipientOf, type Person } from '../flows/people.ts';
import { countOf } from '../../support/case-counts.ts';
import { makeService } from '../../support/in-process.ts';
import { signedRequest } from '../raw-calls.ts';
import { makeTallies } from '../scale/count-aws-calls.ts';

const EACH = countOf({ small: 5, full: 10, long: 100 });

const statuses = new Map<number, number>();
const tallies = makeTallies();
let mostTries = 0;
const { origin, fetch } = makeService({
  env: process.env,
  onClient: tallies.count,
  around: async (route, run) => {
    const { answer, tally } = await tallies.around(run);
    statuses.set(answer.status, (statuses.get(answer.status) ?? 0) + 1);
    mostTries = Math.max(mostTries, tally.calls.get('TransactWriteItems') ?? 0);
    return answer;
  },
});
const at = { origin, fetch };

/** One writer: its repeated action, and the kinds of event that the action writes in turn. */
interface Writer {
  readonly actor: IdentityId;
  readonly kinds: readonly AuditEvent['kind'][];
  readonly write: (n: number) => Promise<unknown>;
}

const treat = { purpose: 'TREAT', durationSeconds: DAY_SECONDS } as const;

/** A writer that opens records by raw calls. The SDK's checks would take processor time from the other writers. */
const opener = (
  person: Person,
  records: readonly RecordInfo[],
  of: Pick<Payload<'opening'>, 'patient' | 'grant'>,
): Writer => {
  const { folder, epoch } = records[0]!;
  const write = async (): Promise<void> => {
    const opening = newId<OpeningId>();
    const opened = records.map(({ record, version }) => ({ record, version }));
    const payload = { opening, opener: person.keys.id, ...of, folder, epoch, records: opened, when: Date.now() };
    const { jws } = await signStatement('opening', payload, person.keys);
    const call = { route: 'recapsulate', params: { openingId: opening }, body: { statement: jws } } as const;
    await fetch(await signedRequest(at, person.keys, call));
  };
  return { actor: person.keys.id, kinds: ['records-opened'], write };
};

const recipientOpener = async (patient: Patient, records: readonly RecordInfo[]): Promise<Writer> => {
  const person = newPerson();
  await recipientOf(person, at).register();
  const [{ id }] = await patient.grant({ recipient: person.keys.id, folders: [records[0]!.folder], ...treat });
  return opener(person, records, { patient: patient.id, grant: id });
};

const author = async (patient: Patient, folder: FolderId): Promise<Writer> => {
  const recipient = await given.recipient(at);
  const [add] = await patient.grant({ recipient: recipient.id, right: 'add', folders: [folder], ...treat });
  return { actor: recipient.id, kinds: ['record-filed'], write: (n) => recipient.file(add, bytesOf(n + 1), {}) };
};

const folderMaker = (patient: Patient): Writer => ({
  actor: patient.id,
  kinds: ['folder-created'],
  write: (n) => patient.createFolder({ name: `Folder ${n}`, category: 'other' }),
});

const pauser = async (patient: Patient, folder: FolderId): Promise<Writer> => {
  const recipient = await given.recipient(at);
  let [grant]: readonly [Grant, ...Grant[]] = await patient.grant({
    recipient: recipient.id,
    folders: [folder],
    ...treat,
  });
  const write = async (n: number): Promise<void> => {
    grant = await (n % 2 === 0 ? patient.pause(grant) : patient.resume(grant));
  };
  return { actor: patient.id, kinds: ['grant-paused', 'grant-resumed'], write };
};

let patient: Patient;
let writers: readonly Writer[];
let before: number;

beforeAll(async () => {
  const person = newPerson();
  patient = patientOf(person, at);
  await patient.register();
  const folder = await patient.createFolder({ name: 'Blood', category: 'laboratory' });
  const records = [await patient.file(folder.id, bytesOf(20), {})];
  // One device makes all acts of the patient. A second device would have to decide on its act again after each entry of the first.
  const device = patientOf(person, at);
  writers = [
    ...(await Promise.all([1, 2, 3].map(() => recipientOpener(patient, records)))),
    await author(patient, folder.id),
    await author(patient, folder.id),
    folderMaker(device),
    await pauser(device, folder.id),
    opener(person, records, { patient: patient.id }),
  ];
  before = (await patient.audit()).length;
  statuses.clear();
  mostTries = 0;
});

test(`eight writers add ${EACH} events each to one trail, and none is refused, lost or doubled`, async () => {
  const write = async ({ write: once }: Writer): Promise<void> => {
    for (let n = 0; n < EACH; n++) await once(n);
  };
  await Promise.all(writers.map(write));

  // No caller had to retry: the service itself repeats a lost race.
  expect([...statuses.keys()].filter((s) => s >= 400)).toEqual([]);
  // At least one write lost a race and was tried again, so the writers did write at the same time.
  expect(mostTries).toBeGreaterThan(1);

  // The patient's client verifies the trail from the first event.
  const trail = (await patient.audit({ fromStart: true })).slice(before);
  expect(trail).toHaveLength(writers.length * EACH);
  expect(new Set(trail.map((e) => e.statement)).size).toBe(trail.length);
  for (const { actor, kinds } of writers)
    expect(trail.filter((e) => e.actor === actor && kinds.includes(e.kind))).toHaveLength(EACH);
}, 600_000);
