// Pauses a grant and resumes it.
import { byHand, bytes, DAYS, newPatient, newRecipient, refusal, textOf, type At } from './people.ts';

export const run = async ({ say = console.log, ...at }: At) => {
  const [patient, clinic] = [await newPatient(at), await newRecipient(at, 'Clinic')];
  const folder = await patient.createFolder({ name: 'Letters', category: 'letters' });
  const letter = await patient.file(folder.id, bytes('Dear colleague'), {});
  const terms = { recipient: clinic.id, folders: [folder.id], purpose: 'TREAT', durationSeconds: 30 * DAYS } as const;
  const [given] = await patient.grant(terms);
  const grant = await clinic.grant(given.id, patient.id);

  const paused = await patient.pause(given);
  const whilePaused = await refusal(clinic.open(grant, [letter]));
  say(`The patient pauses the grant; the clinic is refused at once (${whilePaused}).`);
  const resumed = await patient.resume(paused);
  const [opened] = await clinic.open(grant, [letter]);
  const afterwards = await textOf(opened!);
  say(`The patient resumes the grant; the clinic reads "${afterwards}".`);
  return { states: [given.state, paused.state, resumed.state], whilePaused, afterwards };
};

await byHand(import.meta.url, run);
