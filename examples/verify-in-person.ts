// Names are only what somebody calls itself. Two people make sure of each other's ids: sixty digits read aloud, or a code that is scanned.
import { qrPayload, readQrPayload, safetyNumber } from '../lib/client/index.ts';
import { byHand, DAYS, newPatient, newRecipient, refusal, type At } from './people.ts';

export const run = async (at: At) => {
  const [patient, clinic] = [await newPatient(at), await newRecipient(at, 'Clinic')];
  const folder = await patient.createFolder({ name: 'Letters', category: 'letters' });
  await clinic.request({ patient: patient.id, folders: [folder.id], purpose: 'TREAT', durationSeconds: DAYS });
  const [asked] = await patient.listRequests('pending');

  const unverified = await refusal(patient.approve(asked!));
  // What both screens show.
  const digits = safetyNumber(patient.id, clinic.id);
  const same = digits === safetyNumber(clinic.id, patient.id);
  // Or: the clinic shows a code, the patient's device scans it.
  patient.verify(readQrPayload(qrPayload(clinic.id)));
  const [grant] = await patient.approve(asked!);
  return { unverified, groups: digits.split(' ').length, same, approved: grant.state };
};

await byHand(import.meta.url, run);
