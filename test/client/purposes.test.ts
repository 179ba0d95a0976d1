// For what purpose something was opened: what the patient signed, not what the service makes of it.
import { describe, expect, test } from '@jest/globals';
import { asked, granted, people, TEXT } from './main-job-story.ts';
import { refusal } from './clients.ts';

describe('openings', () => {
  test('are for the purpose of their grant, also where the list of grants lags', async () => {
    const { service, patient, clinician, grant, record } = await granted();
    await clinician.open(grant, [record]);
    expect((await patient.openings()).map((o) => o.purpose)).toEqual(['TREAT']);
    service.state.lie = (route) => (route === 'list-grants' ? { grants: [] } : undefined);
    expect((await patient.openings({ purpose: 'TREAT' })).map((o) => o.opener)).toEqual([clinician.id]);
  });

  test.each([
    ['another purpose', 'HRESCH'],
    ['no purpose', undefined],
  ] as const)('for %s than the patient signed are refused', async (_, purpose) => {
    const all = await people();
    const { service, patient, clinician } = all;
    const folder = await patient.createFolder({ name: 'Blood', category: 'laboratory' });
    const record = await patient.file(folder.id, TEXT, {});
    service.state.tell = ({ kind, subject: { purpose: _signed, ...subject } }) =>
      kind === 'access-granted' ? { ...subject, ...(purpose === undefined ? {} : { purpose }) } : undefined;
    const [given] = await patient.approve(await asked(all, [folder.id]), { unverifiedRecipient: true });
    await clinician.open(await clinician.grant(given.id, patient.id), [record]);
    expect(await refusal(() => patient.openings())).toBe('unverified grant');
  });
});
