// Gives a grant back: a recipient replaces its receiving key, and returns the grant that was made for the old key.
import { byHand, bytes, DAYS, newPatient, newRecipient, refusal, type At } from './people.ts';

export const run = async ({ say = console.log, ...at }: At) => {
  const [patient, study] = [await newPatient(at), await newRecipient(at, 'Study office')];
  const folder = await patient.createFolder({ name: 'Steps', category: 'devices' });
  const record = await patient.file(folder.id, bytes('8,412 steps'), {});
  const terms = { recipient: study.id, folders: [folder.id], purpose: 'HRESCH', durationSeconds: 30 * DAYS } as const;
  const [given] = await patient.grant(terms);
  const grant = await study.grant(given.id, patient.id);

  const { payload } = await study.renewReceivingKey();
  await study.giveBack(grant, 'key-replaced');
  say(
    `The study office now has receiving key ${payload.receiving.number}, and gives back the grant to the key before.`,
  );
  const openedThen = await refusal(study.open(grant, [record]));
  say(`It cannot open anything with it any more (${openedThen}).`);
  const last = (await patient.audit()).at(-1)!;
  const byTheRecipient = last.actor === study.id;
  say(`The patient's trail ends with ${last.kind}, by the study office: ${byTheRecipient}.`);
  return { receivingKey: payload.receiving.number, openedThen, lastEvent: last.kind, byTheRecipient };
};

await byHand(import.meta.url, run);
