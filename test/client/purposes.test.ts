// Tests that the purpose of an opening is the one that the patient signed, whatever the service says.
import { describe, expect, test } from '@jest/globals';
import { pendingRequest, granted, people, TEXT } from './main-job-story.ts';
import { refusal } from './clients.ts';

describe('openings', () => {
  test('have the purpose of their grant, even if the list of grants omits it', async () => {
    const { service, patient, clinician, grant, record } = await granted();
    await clinician.open(grant, [record]);
    expect((await patient.openings()).map((o) => o.purpose)).toEqual(['TREAT']);
    service.state.lie = (route) => (route === 'list-grants' ? { grants: [] } : undefined);
    expect((await patient.openings({ purpose: 'TREAT' })).map((o) => o.opener)).toEqual([clinician.id]);
  });

  test.each([
    ['another purpose', 'HRESCH'],
    ['no purpose', undefined],
  ] as const)('are refused if the trail says %s than the patient signed', async (_, purpose) => {
    const all = await people();
    const { service, patient, clinician } = all;
    const folder = await patient.createFolder({ name: 'Blood', category: 'laboratory' });
    const record = await patient.file(folder.id, TEXT, {});
    service.state.falseSubject = ({ kind, subject: { purpose: _signed, ...subject } }) =>
      kind === 'access-granted' ? { ...subject, ...(purpose === undefined ? {} : { purpose }) } : undefined;
    const [grant] = await patient.approve(await pendingRequest(all, [folder.id]), { unverifiedRecipient: true });
    await clinician.open(await clinician.grant(grant.id, patient.id), [record]);
    expect(await refusal(() => patient.openings())).toBe('unverified evidence');
  });
});
