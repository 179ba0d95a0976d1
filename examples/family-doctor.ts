// A standing grant: the family doctor reads everything, also what the patient makes later.
import { byHand, bytes, DAYS, newPatient, newRecipient, textOf, type At } from './people.ts';

export const run = async (at: At) => {
  const [patient, doctor] = [await newPatient(at), await newRecipient(at, 'Family doctor')];
  await patient.createFolder({ name: 'Letters', category: 'letters' });
  const [standing] = await patient.grant({
    recipient: doctor.id,
    everything: true,
    standing: true,
    purpose: 'TREAT',
    durationSeconds: 365 * DAYS,
  });

  // The grant is extended in the call that makes the folder.
  const later = await patient.createFolder({ name: 'Knee', category: 'imaging' });
  const image = await patient.file(later.id, bytes('an image'), { fileName: 'knee.dcm' });

  const grant = await doctor.grant(standing.id, patient.id);
  const [opened] = await doctor.open(grant, [image]);
  return {
    cells: grant.cells.length,
    seen: await textOf(opened!),
    outstanding: (await patient.outstanding(later.id)).length,
  };
};

await byHand(import.meta.url, run);
