// Tests that the client refuses an event whose actor signed it, but which the patient's own acts do not allow: a colluding recipient or author signs for
// the service.
import { describe, expect, test } from '@jest/globals';
import {
  newId,
  type FolderId,
  type GrantId,
  type OpeningId,
  type RecordId,
  type RequestId,
} from '../../lib/bytes/ids.ts';
import { createPatient, createTrail } from '../../lib/client/index.ts';
import type { AuditEvent, EventKind } from '../../lib/domain/audit-chain.ts';
import type { DeviceKeys } from '../../lib/identity/key-derivation.ts';
import type { Payload } from '../../lib/statements/kinds.ts';
import { signNow } from './lying-service.ts';
import { relinked } from './hand-made-trails.ts';
import { DAY, granted, TEXT } from './main-job-story.ts';
import { KEYS, refusal } from './clients.ts';

/** Sets up a grant to read with a limit of three records, and grants to add and to write. `elsewhere` is a folder of the patient that no grant covers. */
const story = async () => {
  const all = await granted();
  const { patient, clinician, first } = all;
  const elsewhere = await patient.createFolder({ name: 'Mind', category: 'imaging' });
  const to = { recipient: clinician.id, folders: [first.id], purpose: 'TREAT', durationSeconds: DAY } as const;
  const [limited] = await patient.grant({ ...to, openings: 3 });
  const [add] = await patient.grant({ ...to, right: 'add' });
  const [write] = await patient.grant({ ...to, right: 'write' });
  return { ...all, elsewhere, limited, add, write };
};
type Story = Awaited<ReturnType<typeof story>>;

/** An event that the service invents, with a statement that the actor signs as its evidence. */
interface Invented {
  readonly kind: EventKind;
  readonly actor: DeviceKeys;
  readonly subject: object;
  readonly evidence: { readonly hash: string; readonly jws: string };
}

const opening = (
  { patient, limited, record }: Story,
  changes: Partial<Payload<'opening'>> = {},
  actor: DeviceKeys = KEYS.clinician,
): Invented => {
  const { folder, epoch, version } = record;
  const records = [{ record: record.record, version }];
  const base = { opening: newId<OpeningId>(), patient: patient.id, grant: limited.id, folder, epoch, records, when: 1 };
  const payload = { ...base, ...changes, opener: actor.id };
  const { opening: id, grant } = payload;
  const subject = { opening: id, grant, folder: payload.folder, epoch: payload.epoch, records: payload.records };
  return { kind: 'records-opened', actor, subject, evidence: signNow('opening', payload, actor) };
};

const named = ({ id, statement: { hash } }: Story['add']) => ({ id, hash });

const filing = (
  { add, record, now }: Story & { readonly now: number },
  changes: Partial<Payload<'record'>> = {},
  actor: DeviceKeys = KEYS.clinician,
): Invented => {
  const base = { ...record.statement.payload, record: newId<RecordId>(), grant: named(add), created: now };
  const payload = { ...base, ...changes, author: actor.id };
  const { folder, epoch, record: id, version, grant } = payload;
  const subject = { folder, epoch, records: [{ record: id, version }], grant: grant?.id };
  return { kind: 'record-filed', actor, subject, evidence: signNow('record', payload, actor) };
};

const returned = (
  { patient }: Story,
  { id: grant, statement: { hash: of } }: Story['add'],
  actor: DeviceKeys = KEYS.clinician,
): Invented => {
  const payload = { recipient: actor.id, patient: patient.id, grant, of, code: 'not-needed', when: 1 } as const;
  return { kind: 'grant-returned', actor, subject: { grant }, evidence: signNow('return', payload, actor) };
};

const withdrawn = ({ patient }: Story, of: string, actor: DeviceKeys = KEYS.clinician): Invented => {
  const request = newId<RequestId>();
  const payload = { recipient: actor.id, patient: patient.id, request, of, code: 'not-needed', when: 1 } as const;
  return { kind: 'request-withdrawn', actor, subject: { request }, evidence: signNow('withdrawal', payload, actor) };
};

/** Returns the hash of the statement of the trail's last event. */
const lastHash = ({ service, patient }: Story): string =>
  (JSON.parse(service.trails.get(patient.id)!.at(-1)!.event) as AuditEvent).statement;

const write = ({ service, patient }: Story, { kind, actor, subject, evidence }: Invented): void =>
  service.log({ kind, patient: patient.id, actor: actor.id, subject, statement: evidence.hash }, evidence.jws);

/**
 * Lets the service add the invented events to the trail. Then reads the trail on a device that has read it before, and on a new device. Returns the refusal of
 * each, or `accepted`.
 */
const verdicts = async (all: Story, invent: (all: Story & { readonly now: number }) => readonly Invented[]) => {
  const { optionsOf, patient } = all;
  await patient.audit();
  const { entries } = patient.trail.export();
  for (const event of invent({ ...all, now: all.clock() })) write(all, event);
  const devices = [createTrail({ entries, checkpoints: [] }), createTrail()].map((trail) =>
    createPatient(optionsOf('patient', { trail })),
  );
  return Promise.all(devices.map((d) => refusal(() => d.audit())));
};

const ALLOWED = ['accepted', 'accepted'];
const REFUSED = ['unverified evidence', 'unverified evidence'];

type Invent = (all: Story & { readonly now: number }) => readonly Invented[];
type Before = (all: Story) => unknown;
const nothing: Before = () => undefined;
const once = (all: Story): readonly Invented[] => [opening(all)];
/** An opening of the two records of the first folder. */
const twoAtOnce = (all: Story): Invented =>
  opening(all, { records: all.records.slice(0, 2).map(({ record, version }) => ({ record, version })) });

/** Files a further record. */
const fileIn = async ({ patient, records }: Story, folder: FolderId): Promise<void> =>
  void records.push(await patient.file(folder, TEXT, {}));
/** An opening of the last record that was filed. */
const ofLast = (all: Story): readonly Invented[] => {
  const { record, version, folder, epoch } = all.records.at(-1)!;
  return [opening(all, { folder, epoch, records: [{ record, version }] })];
};

describe('an opening', () => {
  test.each<[string, Invent, Before?]>([
    ['under a grant, by its recipient', once],
    ['of the last records that the grant allows', (all) => [opening(all), opening(all), opening(all)]],
    ['of two records together, if the grant allows two more', (all) => [opening(all), twoAtOnce(all)]],
    ['by the patient', (all) => [opening(all, { grant: undefined }, KEYS.patient)]],
    [
      'after the grant was paused and resumed',
      once,
      async ({ patient, limited }) => {
        await patient.pause(limited);
        await patient.resume(limited);
      },
    ],
    [
      'of a cell that an extension added together with the cell',
      ofLast,
      async (all) => {
        await all.patient.startEpoch(all.first.id);
        await fileIn(all, all.first.id);
      },
    ],
    [
      'of a cell that an extension added later',
      ofLast,
      async (all) => {
        all.service.nextEpoch(all.first.id, KEYS.patient);
        await all.patient.carryOver(all.first.id);
        await fileIn(all, all.first.id);
      },
    ],
    ['of an old cell', once, ({ patient, first }) => patient.startEpoch(first.id)],
  ])('%s is accepted', async (_, invent, before = nothing) => {
    const all = await story();
    await before(all);
    expect(await verdicts(all, invent)).toEqual(ALLOWED);
  });

  test.each<[string, Invent, Before?]>([
    ['under a grant that the patient did not give', (all) => [opening(all, { grant: newId<GrantId>() })]],
    ['by somebody else than the recipient', (all) => [opening(all, {}, KEYS.stranger)]],
    ['by the patient under a grant', (all) => [opening(all, {}, KEYS.patient)]],
    ['by somebody else, without a grant', (all) => [opening(all, { grant: undefined })]],
    ['under a grant that opens no records', (all) => [opening(all, { grant: all.add.id })]],
    ['of a folder that the grant does not cover', ofLast, (all) => fileIn(all, all.elsewhere.id)],
    [
      'of a cell that the grant does not have',
      ofLast,
      async (all) => {
        all.service.nextEpoch(all.first.id, KEYS.patient);
        await fileIn(all, all.first.id);
      },
    ],
    [
      'of a record that was filed in another cell',
      (all) => [opening(all, { epoch: 2 })],
      ({ patient, first }) => patient.startEpoch(first.id),
    ],
    [
      'of a record that was not filed',
      (all) => [opening(all, { records: [{ record: newId<RecordId>(), version: 1 }] })],
    ],
    [
      'of a version that was not filed, together with one that was',
      (all) => [opening(all, { records: [1, 2].map((version) => ({ record: all.record.record, version })) })],
    ],
    ['of a cell that does not exist', (all) => [opening(all, { epoch: 2 })]],
    [
      'by the patient, of a cell that does not exist',
      (all) => [opening(all, { grant: undefined, epoch: 2 }, KEYS.patient)],
    ],
    [
      'by the patient, of a folder that is not the patient’s',
      (all) => [opening(all, { grant: undefined, folder: newId<FolderId>() }, KEYS.patient)],
    ],
    ['of two records together, if the grant allows one more', (all) => [opening(all), opening(all), twoAtOnce(all)]],
    ['of more records than the grant allows', (all) => [opening(all), opening(all), opening(all), opening(all)]],
    ['after the grant expired', once, ({ sleep }) => sleep(DAY * 1000)],
    ['after the grant was revoked', once, ({ patient, limited }) => patient.revoke(limited)],
    ['after the grant was returned', once, ({ clinician, limited }) => clinician.giveBack(limited)],
    ['while the grant is paused', once, ({ patient, limited }) => patient.pause(limited)],
  ])('%s is refused', async (_, invent, before = nothing) => {
    const all = await story();
    await before(all);
    expect(await verdicts(all, invent)).toEqual(REFUSED);
  });

  test('before the grant is refused', async () => {
    const all = await story();
    const { service, patient, limited } = all;
    write(all, opening(all));
    const entries = service.trails.get(patient.id)!;
    const given = entries.findIndex(({ event }) => event.includes(limited.statement.hash));
    service.trails.set(
      patient.id,
      relinked([...entries.slice(0, given), entries.at(-1)!, ...entries.slice(given, -1)]),
    );
    expect(await refusal(() => patient.audit())).toBe('unverified evidence');
  });

  test('at a time before the grant begins is refused', async () => {
    const all = await story();
    const { service, patient, limited } = all;
    write(all, opening(all));
    const { notBefore } = limited.statement.payload;
    const at = (time: number) =>
      service.trails.set(
        patient.id,
        relinked(service.trails.get(patient.id)!, (e) => (e.kind === 'records-opened' ? { at: time } : {})),
      );
    at(notBefore - 1);
    expect(await refusal(() => patient.audit())).toBe('unverified evidence');
    at(notBefore);
    expect(await refusal(() => patient.audit())).toBe('accepted');
  });
});

describe('a filing', () => {
  const later = (
    all: Story & { readonly now: number },
    changes: Partial<Payload<'record'>> = {},
    actor: DeviceKeys = KEYS.clinician,
  ) => {
    const { record, statement } = all.record;
    return filing(all, { version: 2, previous: statement.hash, record, grant: named(all.write), ...changes }, actor);
  };

  /** The version after `later`. */
  const third = (all: Story & { readonly now: number }) =>
    later(all, { version: 3, previous: later(all).evidence.hash });

  test.each<[string, Invent, Before?]>([
    ['under a grant to add', (all) => [filing(all)]],
    ['of a next version, under a grant to write', (all) => [later(all)]],
    ['of each next version', (all) => [later(all), third(all)]],
    ['by the patient', (all) => [filing(all, { grant: undefined }, KEYS.patient)]],
    ['in the next epoch', (all) => [filing(all, { epoch: 2 })], ({ patient, first }) => patient.startEpoch(first.id)],
  ])('%s is accepted', async (_, invent, before = nothing) => {
    const all = await story();
    await before(all);
    expect(await verdicts(all, invent)).toEqual(ALLOWED);
  });

  test.each<[string, Invent, Before?]>([
    [
      'under a grant that the patient did not give',
      (all) => [filing(all, { grant: { ...named(all.add), id: newId<GrantId>() } })],
    ],
    [
      'under another grant with this id',
      (all) => [filing(all, { grant: { ...named(all.add), hash: all.write.statement.hash } })],
    ],
    ['by somebody else than the recipient', (all) => [filing(all, {}, KEYS.stranger)]],
    ['by the patient under a grant', (all) => [filing(all, {}, KEYS.patient)]],
    ['by somebody else, without a grant', (all) => [filing(all, { grant: undefined })]],
    ['under a grant to read', (all) => [filing(all, { grant: named(all.limited) })]],
    ['of a next version, under a grant to add', (all) => [later(all, { grant: named(all.add) })]],
    ['of a first version, under a grant to write', (all) => [filing(all, { grant: named(all.write) })]],
    ['into another folder', (all) => [filing(all, { folder: all.elsewhere.id })]],
    ['into a closed cell', (all) => [filing(all)], ({ patient, first }) => patient.startEpoch(first.id)],
    [
      'by the patient, into a closed cell',
      (all) => [filing(all, { grant: undefined }, KEYS.patient)],
      ({ patient, first }) => patient.startEpoch(first.id),
    ],
    ['into a cell that does not exist', (all) => [filing(all, { epoch: 2 })]],
    [
      'after the grant expired',
      (all) => [filing(all, { created: all.add.expires - 1 })],
      ({ sleep }) => sleep(DAY * 1000),
    ],
    ['after the grant was revoked', (all) => [filing(all)], ({ patient, add }) => patient.revoke(add)],
    ['after the grant was returned', (all) => [filing(all)], ({ clinician, add }) => clinician.giveBack(add)],
    ['while the grant is paused', (all) => [filing(all)], ({ patient, add }) => patient.pause(add)],
    [
      'of a next version, into another folder',
      (all) => [later(all, { folder: all.elsewhere.id, grant: undefined }, KEYS.patient)],
    ],
    ['of a first version twice', (all) => [filing(all, { record: all.record.record })]],
    ['of a next version twice', (all) => [later(all), later(all, { created: all.now + 1 })]],
    ['of a version after a gap', (all) => [later(all, { version: 3 })]],
    ['of a next version that does not name the last one', (all) => [later(all, { previous: 'A'.repeat(43) })]],
    ['of a next version of an unknown record', (all) => [later(all, { record: newId<RecordId>() })]],
    ['of a first version that names one before it', (all) => [filing(all, { previous: 'A'.repeat(43) })]],
    [
      'of a next version after the deletion',
      (all) => [later(all)],
      ({ patient, record }) => patient.deleteRecord(record),
    ],
    [
      'of a next version that names the deletion',
      (all) => [later(all, { previous: lastHash(all) })],
      ({ patient, record }) => patient.deleteRecord(record),
    ],
  ])('%s is refused', async (_, invent, before = nothing) => {
    const all = await story();
    await before(all);
    expect(await verdicts(all, invent)).toEqual(REFUSED);
  });
});

describe('a deletion', () => {
  const isDeletion = ({ kind }: AuditEvent): boolean => kind === 'record-deleted';
  const isFiling = (event: AuditEvent): boolean => event.kind === 'record-filed';

  test.each<[string, (event: AuditEvent, all: Story) => Partial<AuditEvent>]>([
    [
      'with another version',
      (e) => (isDeletion(e) ? { subject: { ...e.subject, records: [{ ...e.subject.records![0]!, version: 2 }] } } : {}),
    ],
    [
      'in another folder',
      (e, { elsewhere }) => (isDeletion(e) ? { subject: { ...e.subject, folder: elsewhere.id } } : {}),
    ],
  ])('%s is refused', async (_, change) => {
    const all = await story();
    const { service, patient, record } = all;
    await patient.deleteRecord(record);
    const entries = service.trails.get(patient.id)!;
    service.trails.set(
      patient.id,
      relinked(entries, (e) => change(e, all)),
    );
    expect(await refusal(() => patient.audit())).toBe('unverified evidence');
    service.trails.set(patient.id, entries);
    expect(await refusal(() => patient.audit())).toBe('accepted');
  });

  test('without the filing of the record is refused', async () => {
    const { service, patient, record } = await story();
    await patient.deleteRecord(record);
    const entries = service.trails.get(patient.id)!;
    const filed = entries.findIndex(({ event }) => isFiling(JSON.parse(event) as AuditEvent));
    service.trails.set(patient.id, relinked(entries.toSpliced(filed, 1)));
    expect(await refusal(() => patient.audit())).toBe('unverified evidence');
  });
});

describe('a return', () => {
  test('of a grant by its recipient is accepted', async () => {
    expect(await verdicts(await story(), (all) => [returned(all, all.add)])).toEqual(ALLOWED);
  });

  test.each<[string, Invent, Before?]>([
    ['by somebody else', (all) => [returned(all, all.add, KEYS.stranger)]],
    ['of a grant that the patient did not give', (all) => [returned(all, { ...all.add, id: newId<GrantId>() })]],
    ['of another grant with this id', (all) => [returned(all, { ...all.add, statement: all.write.statement })]],
    ['of a grant that is revoked', (all) => [returned(all, all.add)], ({ patient, add }) => patient.revoke(add)],
  ])('%s is refused', async (_, invent, before = nothing) => {
    const all = await story();
    await before(all);
    expect(await verdicts(all, invent)).toEqual(REFUSED);
  });
});

describe('a withdrawal', () => {
  const asked = async () => {
    const all = await story();
    const { patient, clinician, first } = all;
    await clinician.request({ patient: patient.id, folders: [first.id], purpose: 'TREAT', durationSeconds: DAY });
    return { all, hash: (await patient.listRequests('pending'))[0]!.statement.hash };
  };

  test('of a request by its signer is accepted', async () => {
    const { all, hash } = await asked();
    expect(await verdicts(all, () => [withdrawn(all, hash)])).toEqual(ALLOWED);
  });

  test('by somebody else, or of an unknown request, is refused', async () => {
    const { all, hash } = await asked();
    expect(await verdicts(all, () => [withdrawn(all, hash, KEYS.stranger)])).toEqual(REFUSED);
    const other = await asked();
    expect(await verdicts(other.all, () => [withdrawn(other.all, 'A'.repeat(43))])).toEqual(REFUSED);
  });
});
