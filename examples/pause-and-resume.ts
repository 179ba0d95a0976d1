// A patient holds a grant for a while, and lets it go on.
import { byHand, bytes, DAYS, newPatient, newRecipient, refusal, textOf, type At } from './people.ts';

export const run = async (at: At) => {
  const [patient, clinic] = [await newPatient(at), await newRecipient(at, 'Clinic')];
  const folder = await patient.createFolder({ name: 'Letters', category: 'letters' });
  const letter = await patient.file(folder.id, bytes('Dear colleague'), {});
  const gift = { recipient: clinic.id, folders: [folder.id], purpose: 'TREAT', durationSeconds: 30 * DAYS } as const;
  const [given] = await patient.grant(gift);
  const grant = await clinic.grant(given.id, patient.id);

  const paused = await patient.pause(given);
  const whilePaused = await refusal(clinic.open(grant, [letter]));
  const resumed = await patient.resume(paused);
  const [opened] = await clinic.open(grant, [letter]);
  return { states: [given.state, paused.state, resumed.state], whilePaused, afterwards: await textOf(opened!) };
};

await byHand(import.meta.url, run);
