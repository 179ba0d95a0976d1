// Verifies an id in person, by sixty digits or a QR code, because anybody can register any name.
import { qrPayload, readQrPayload, safetyNumber } from '../lib/client/index.ts';
import { byHand, DAYS, newPatient, newRecipient, refusal, type At } from './people.ts';

export const run = async ({ say = console.log, ...at }: At) => {
  const [patient, clinic] = [await newPatient(at), await newRecipient(at, 'Clinic')];
  const folder = await patient.createFolder({ name: 'Letters', category: 'letters' });
  await clinic.request({ patient: patient.id, folders: [folder.id], purpose: 'TREAT', durationSeconds: DAYS });
  const [asked] = await patient.listRequests('pending');

  const unverified = await refusal(patient.approve(asked!));
  say(`The patient's client does not approve an id that nobody verified (${unverified}).`);
  // Both screens show these digits.
  const digits = safetyNumber(patient.id, clinic.id);
  const same = digits === safetyNumber(clinic.id, patient.id);
  say(`Both read the same sixty digits to each other: ${same}.`);
  say(`  ${digits}`);
  // Another way to verify: the clinic shows a QR code, and the patient's device scans it.
  const code = qrPayload(clinic.id);
  patient.verify(readQrPayload(code));
  say(`Or one scans the other's code: ${code}`);
  const [grant] = await patient.approve(asked!);
  say(`Now the approval goes through; the grant is ${grant.state}.`);
  return { unverified, digits, same, code, approved: grant.state };
};

await byHand(import.meta.url, run);
