// Tests that the client refuses statements of another deployment as evidence, also statements that name no deployment: the patient and the clinician use two
// deployments with the same keys, and the second one shows the statements that they signed at the first.
import { expect, test } from '@jest/globals';
import type { AuditEvent, EventKind } from '../../lib/domain/audit-chain.ts';
import { DAY, granted } from './main-job-story.ts';
import { refusal } from './clients.ts';

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
