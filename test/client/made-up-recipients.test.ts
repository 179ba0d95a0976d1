// Tests a service that makes up a recipient: anybody can make an identity and choose its name, so the patient approves by an id that it has verified.
import { expect, test } from '@jest/globals';
import { createRecipient } from '../../lib/client/index.ts';
import { refusal } from './clients.ts';
import { DAY, people } from './people.ts';

test('a request of an identity that the patient has not verified is not approved, whatever name it has', async () => {
  const { service, patient, clinician, folder, optionsOf, ask } = await people();
  patient.verify(clinician.id);
  const impostor = createRecipient(optionsOf(5));
  await impostor.register({ name: 'Praxis' });
  const terms = { folders: [folder.id], purpose: 'TREAT', durationSeconds: DAY } as const;
  await impostor.request({ patient: patient.id, ...terms });
  const [forged] = await patient.listRequests('pending');
  expect(await refusal(() => patient.approve(forged!))).toBe('unverified-recipient');
  expect(service.calls).not.toContain('approve-request');
  await ask();
  const request = (await patient.listRequests('pending')).find((r) => r.recipient === clinician.id);
  expect(await refusal(() => patient.approve(request!))).toBe('accepted');
});
