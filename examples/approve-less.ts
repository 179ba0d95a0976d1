// Approves a request in part: a hospital asks for a category for a month, and the patient grants fewer folders, rights, days and openings.
import { PURPOSE_TEXTS } from '../lib/client/index.ts';
import { byHand, bytes, DAYS, newPatient, newRecipient, refusal, type At } from './people.ts';

export const run = async ({ say = console.log, ...at }: At) => {
  const [patient, hospital] = [await newPatient(at), await newRecipient(at, 'Hospital')];
  const blood = await patient.createFolder({ name: 'Blood counts', category: 'laboratory' });
  await patient.createFolder({ name: 'Genetics', category: 'laboratory' });
  const records = [
    await patient.file(blood.id, bytes('Hb 14.2 g/dl'), {}),
    await patient.file(blood.id, bytes('Hb 13.9 g/dl'), {}),
  ];

  await hospital.request({
    patient: patient.id,
    categories: ['laboratory'],
    rights: ['read', 'add'],
    purpose: 'TREAT',
    durationSeconds: 30 * DAYS,
    message: 'For your stay from Monday on.',
  });

  const [asked] = await patient.listRequests('pending');
  const wouldOpen = (await patient.preview(asked!)).map((f) => f.name).sort();
  say(`A hospital asks to ${asked!.rights.join(' and ')} for ${PURPOSE_TEXTS[asked!.purpose]}: "${asked!.message}"`);
  say(`That would open: ${wouldOpen.join(', ')}.`);

  patient.verify(hospital.id);
  const grants = await patient.approve(asked!, {
    folders: [blood.id],
    rights: ['read'],
    durationSeconds: 7 * DAYS,
    openings: 2,
  });

  const grant = await hospital.grant(grants[0].id, patient.id);
  await hospital.open(grant, records);
  const days = (grant.expires - grant.statement.payload.notBefore) / (1000 * DAYS);
  say(`The patient gives one folder, to ${grant.right} only, for ${days} days; the hospital opens both records of it.`);
  const thirdOpening = await refusal(hospital.open(grant, [records[0]!]));
  say(`Two openings were given, so there is no third (${thirdOpening}).`);
  return {
    message: asked!.message,
    wouldOpen,
    folders: grant.folders.length,
    given: grants.map((g) => g.right),
    days,
    thirdOpening,
  };
};

await byHand(import.meta.url, run);
