// Tests that the client notices what the service leaves out of the audit trail, and what it invents: every event needs a statement of its actor.
import { describe, expect, test } from '@jest/globals';
import { newId, type GrantId, type RecordId, type RequestId } from '../../lib/bytes/ids.ts';
import type { AuditEvent, EventKind } from '../../lib/domain/audit-chain.ts';
import { signNow } from './lying-service.ts';
import { relinked } from './hand-made-trails.ts';
import { DAY, granted, pendingRequest } from './main-job-story.ts';
import { KEYS, refusal } from './clients.ts';

/** Sets up a trail with an event of every kind that only the patient can cause. */
const story = async () => {
  const all = await granted();
  const { patient, clinician, grant, first, record } = all;
  await patient.pause(grant);
  await patient.resume(grant);
  await patient.startEpoch(first.id);
  // Another device starts an epoch and carries nothing over, so that the extension has an event of its own.
  all.service.nextEpoch(first.id, KEYS.patient);
  await patient.carryOver(first.id);
  await patient.deny(await pendingRequest(all, [first.id]));
  await patient.deleteRecord(record);
  await patient.revoke(grant);
  await clinician.request({ patient: patient.id, folders: [first.id], purpose: 'TREAT', durationSeconds: DAY });
  return all;
};
type Story = Awaited<ReturnType<typeof story>>;

/** A client that has read nothing yet reads the trail, and exports it. Returns the refusal of each. */
const refusals = ({ patient }: Pick<Story, 'patient'>) =>
  Promise.all([
    refusal(() => patient.audit({ fromStart: true })),
    refusal(() => patient.exportFhir({ fromStart: true })),
  ]);

const kindOf = ({ event }: { readonly event: string }): EventKind => (JSON.parse(event) as AuditEvent).kind;

test('(control) the true trail is accepted', async () => {
  const all = await story();
  expect(await refusals(all)).toEqual(['accepted', 'accepted']);
});

test('an act of the patient is noticed as missing, whatever its kind', async () => {
  const all = await story();
  const { service, patient } = all;
  const entries = service.trails.get(patient.id)!;
  const byOthers: readonly EventKind[] = ['access-requested', 'record-filed', 'request-withdrawn', 'grant-returned'];
  const own = [...new Set(entries.map(kindOf))].filter((kind) => !byOthers.includes(kind));
  expect(own.sort()).toEqual([
    'access-granted',
    'epoch-started',
    'folder-created',
    'grant-extended',
    'grant-paused',
    'grant-resumed',
    'grant-revoked',
    'record-deleted',
    'registered',
    'request-denied',
  ]);
  for (const kind of own) {
    const at = entries.findIndex((e) => kindOf(e) === kind);
    service.trails.set(patient.id, relinked(entries.toSpliced(at, 1)));
    // Without the event of a folder, the client already refuses the evidence of a later record in this folder.
    const check = kind === 'folder-created' ? 'evidence' : 'audit';
    expect([kind, await refusal(() => patient.audit())]).toEqual([kind, `unverified ${check}`]);
  }
});

describe('an invented event is refused:', () => {
  const invented = async (
    kind: EventKind,
    make: (all: Story) => { actor: string; subject: object; statement: string; evidence?: string },
  ) => {
    const all = await granted();
    const { service, patient } = all;
    const { evidence, ...event } = make(all);
    service.log({ kind, patient: patient.id, ...event } as Parameters<typeof service.log>[0], evidence);
    return refusals(all);
  };
  const REFUSED = ['unverified evidence', 'unverified evidence'];
  const nobody = 'A'.repeat(43);

  /** Makes a record payload and the subject of its event. By default the author is an identity that the service could have made itself. */
  const filed = ({ first, record }: Story, author = KEYS.stranger.id) => {
    const { statement } = record;
    const payload = { ...statement.payload, record: newId<RecordId>(), author };
    const { folder, epoch, version } = payload;
    const subject = { folder: first.id, epoch, records: [{ record: payload.record, version }] };
    return { payload: { ...payload, folder }, subject };
  };

  test('a record that somebody filed, without a statement', async () => {
    const make = (all: Story) => ({ actor: KEYS.clinician.id, subject: filed(all).subject, statement: nobody });
    expect(await invented('record-filed', make)).toEqual(REFUSED);
  });

  test('a record that the patient filed, without a statement', async () => {
    const make = (all: Story) => ({ actor: all.patient.id, subject: filed(all).subject, statement: nobody });
    expect(await invented('record-filed', make)).toEqual(REFUSED);
  });

  test('a record of the clinician, with a statement of somebody else', async () => {
    const make = (all: Story) => {
      const { payload, subject } = filed(all);
      const { hash: statement, jws: evidence } = signNow('record', payload, KEYS.stranger);
      return { actor: KEYS.clinician.id, subject, statement, evidence };
    };
    expect(await invented('record-filed', make)).toEqual(REFUSED);
  });

  test('a second event of a record that was filed', async () => {
    const make = ({ patient, service }: Story) => {
      const entry = service.trails.get(patient.id)!.find((e) => kindOf(e) === 'record-filed')!;
      const { actor, subject, statement } = JSON.parse(entry.event) as AuditEvent;
      return { actor, subject, statement, evidence: entry.evidence! };
    };
    expect(await invented('record-filed', make)).toEqual(REFUSED);
  });

  test('a request of the clinician, without a statement', async () => {
    const make = ({ first }: Story) => ({
      actor: KEYS.clinician.id,
      subject: { request: newId<RequestId>(), folders: [first.id], purpose: 'TREAT' },
      statement: nobody,
    });
    expect(await invented('access-requested', make)).toEqual(REFUSED);
  });

  test('a grant that the patient did not give, without a statement', async () => {
    const make = ({ patient, first }: Story) => ({
      actor: patient.id,
      subject: { grant: newId<GrantId>(), right: 'read', folders: [first.id], purpose: 'TREAT' },
      statement: nobody,
    });
    expect(await invented('access-granted', make)).toEqual(REFUSED);
  });

  test('a grant of another patient', async () => {
    const make = ({ patient, grant, first }: Story) => {
      const payload = { ...grant.statement.payload, grant: newId<GrantId>(), patient: KEYS.stranger.id };
      const { hash: statement, jws: evidence } = signNow('grant', payload, KEYS.stranger);
      const { right, purpose, request } = payload;
      const subject = { grant: payload.grant, request: request?.id, right, folders: [first.id], purpose };
      return { actor: patient.id, subject, statement, evidence };
    };
    expect(await invented('access-granted', make)).toEqual(REFUSED);
  });

  test('a second grant by the statement of the first', async () => {
    const make = ({ patient, service }: Story) => {
      const entry = service.trails.get(patient.id)!.find((e) => kindOf(e) === 'access-granted')!;
      const { actor, subject, statement } = JSON.parse(entry.event) as AuditEvent;
      return { actor, subject, statement };
    };
    expect(await invented('access-granted', make)).toEqual(REFUSED);
  });
});

describe('a list', () => {
  test('with a request that the trail does not have is not exported', async () => {
    const all = await granted();
    const { service, patient, first } = all;
    await pendingRequest(all, [first.id]);
    const entries = service.trails.get(patient.id)!;
    const asked = entries.findLastIndex((e) => kindOf(e) === 'access-requested');
    service.trails.set(patient.id, relinked(entries.toSpliced(asked, 1)));
    expect(await refusals(all)).toEqual(['accepted', 'unverified request']);
  });

  test.each(['approved', 'denied'])(
    'with a request that is %s is refused if the patient did not sign that',
    async (state) => {
      const all = await granted();
      const { service, patient, first } = all;
      const request = await pendingRequest(all, [first.id]);
      service.state.lie = (route, a) =>
        route === 'list-requests'
          ? { requests: a.requests.map((r: object) => ({ ...r, state, grants: [newId<GrantId>()] })) }
          : undefined;
      expect(await refusal(() => patient.listRequests())).toBe('unverified request');
      expect(request.state).toBe('pending');
    },
  );

  test('with an answered request that the service calls pending shows the answer, and the grants of the chain', async () => {
    const all = await granted();
    const { service, patient, first, grant } = all;
    await patient.deny(await pendingRequest(all, [first.id]));
    service.state.lie = (route, a) =>
      route === 'list-requests'
        ? { requests: a.requests.map((r: object) => ({ ...r, state: 'pending', grants: [newId<GrantId>()] })) }
        : undefined;
    expect((await patient.listRequests()).map((r) => [r.state, r.grants])).toEqual([
      ['approved', [grant.id]],
      ['denied', []],
    ]);
    expect(await patient.listRequests('pending')).toEqual([]);
  });
});
