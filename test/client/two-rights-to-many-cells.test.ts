// Tests a request for two rights to a folder with as many cells as one transaction can name: 80.
import { expect, test } from '@jest/globals';
import { DAY, people } from './people.ts';

test('a request to read and to add is approved for a folder of 80 epochs', async () => {
  const p = await people();
  for (let i = 1; i < 80; i++) await p.patient.startEpoch(p.folder.id);
  await p.clinician.request({
    patient: p.patient.id,
    folders: [p.folder.id],
    rights: ['read', 'add'],
    purpose: 'TREAT',
    durationSeconds: DAY,
  });
  const [request] = await p.patient.listRequests('pending');
  const grants = await p.patient.approve(request!, { unverifiedRecipient: true });
  expect(grants.map((g) => g.right)).toEqual(['read', 'add']);
  expect((await p.clinician.grant(grants[0].id, p.patient.id)).cells).toHaveLength(80);
});
