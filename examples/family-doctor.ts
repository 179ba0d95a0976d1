// Makes a standing grant: the family doctor can read all folders, also those made later.
import { byHand, bytes, DAYS, newPatient, newRecipient, textOf, type At } from './people.ts';

export const run = async ({ say = console.log, ...at }: At) => {
  const [patient, doctor] = [await newPatient(at), await newRecipient(at, 'Family doctor')];
  await patient.createFolder({ name: 'Letters', category: 'letters' });
  const [standing] = await patient.grant({
    recipient: doctor.id,
    everything: true,
    standing: true,
    purpose: 'TREAT',
    durationSeconds: 365 * DAYS,
  });

  // The call that makes the folder also extends the grant.
  const later = await patient.createFolder({ name: 'Knee', category: 'imaging' });
  const image = await patient.file(later.id, bytes('an image'), { fileName: 'knee.dcm' });

  const grant = await doctor.grant(standing.id, patient.id);
  const [opened] = await doctor.open(grant, [image]);
  const seen = await textOf(opened!);
  const outstanding = (await patient.outstanding(later.id)).length;
  say(`The family doctor reads "${seen}" in a folder that was made after the grant.`);
  say(
    `The grant began with ${standing.folders.length} folder and now reaches ${grant.cells.length}; ${outstanding} are outstanding.`,
  );
  return { before: standing.folders.length, cells: grant.cells.length, seen, outstanding };
};

await byHand(import.meta.url, run);
