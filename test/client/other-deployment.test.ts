// Tests that the client refuses statements of another deployment, also statements that name no deployment: the patient and the clinician use two deployments
// with the same keys, and the second one shows the statements that they signed at the first.
import { describe, expect, test } from '@jest/globals';
import { toBase64url } from '../../lib/bytes/codec.ts';
import { createRecipient } from '../../lib/client/index.ts';
import type { AuditEvent, EventKind } from '../../lib/domain/audit-chain.ts';
import { DAY, granted } from './main-job-story.ts';
import { newClients, refusal } from './clients.ts';
import { fill } from '../statements/samples.ts';

/** Sets up a deployment at which patient and clinician have signed an opening, and the clinician also a return and a withdrawal. */
const deployment = async () => {
  const all = await granted();
  const { patient, clinician, grant, record } = all;
  await clinician.open(grant, [record]);
  await patient.open([record]);
  await clinician.giveBack(grant);
  const asked = { patient: patient.id, everything: true, purpose: 'TREAT', durationSeconds: DAY } as const;
  await clinician.withdraw(await clinician.request(asked));
  return all;
};

/** Adds events of one deployment to the end of the trail of another. @returns the refusal of that trail by the patient's client */
const shownElsewhere = async (isShown: (event: AuditEvent) => boolean): Promise<string> => {
  const [one, other] = [await deployment(), await granted()];
  const { log } = other.service;
  const shown = one.service.trails.get(one.patient.id)!.filter(({ event }) => isShown(JSON.parse(event) as AuditEvent));
  expect(shown.length).toBeGreaterThan(0);
  for (const { event, evidence } of shown) {
    const { kind, patient, actor, subject, statement } = JSON.parse(event) as AuditEvent;
    log({ kind, patient, actor, subject, statement }, evidence);
  }
  return refusal(() => other.patient.audit());
};

test.each<EventKind>(['records-opened', 'record-filed', 'grant-returned', 'request-withdrawn', 'access-granted'])(
  'an event %s of another deployment is refused',
  async (kind) => {
    expect(await shownElsewhere((e) => e.kind === kind)).toBe('unverified evidence');
  },
);

test('an opening by the patient at another deployment is refused', async () => {
  const isOwn = ({ kind, actor, patient }: AuditEvent) => kind === 'records-opened' && actor === patient;
  expect(await shownElsewhere(isOwn)).toBe('unverified evidence');
});

describe('a request that was signed for another deployment', () => {
  /** Sets up a deployment, and a request to its patient that the clinician signed for a deployment with another service key. */
  const requested = async () => {
    const [one, other] = [newClients(), await granted()];
    const key = toBase64url(fill(3, 33));
    one.service.state.lie = (route) => (route === 'get-service-key' ? { key } : undefined);
    const clinician = createRecipient(one.optionsOf('clinician'));
    await clinician.register();
    const { id: patient } = other.patient;
    const asked = await clinician.request({ patient, everything: true, purpose: 'TREAT', durationSeconds: DAY });
    expect(asked.statement.payload.service).toBe(key);
    const { statement } = asked;
    const show = () => {
      const requests = [{ statement: statement.jws, state: 'pending' }];
      other.service.state.lie = (route) => (route === 'list-requests' ? { requests } : undefined);
    };
    return { ...other, asked, show };
  };

  type Requested = Awaited<ReturnType<typeof requested>>;
  test.each<[string, (all: Requested) => Promise<unknown>]>([
    ['listed for the patient', ({ patient }) => patient.listRequests()],
    ['listed for the recipient', ({ clinician }) => clinician.listRequests()],
    ['approved', ({ patient, asked }) => patient.approve(asked, { unverifiedRecipient: true })],
  ])('is not %s', async (_, use) => {
    const all = await requested();
    all.show();
    expect(await refusal(() => use(all))).toBe('unverified request');
  });

  test('is refused in the trail', async () => {
    const { service, patient, asked } = await requested();
    const { hash: statement, jws, payload: p } = asked.statement;
    const subject = { request: p.request, purpose: p.purpose };
    service.log({ kind: 'access-requested', patient: p.patient, actor: p.recipient, subject, statement }, jws);
    expect(await refusal(() => patient.audit())).toBe('unverified evidence');
  });
});
