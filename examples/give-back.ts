// A recipient that needs a grant no more gives it back; one whose receiving key is replaced asks anew with the next.
import { byHand, bytes, DAYS, newPatient, newRecipient, refusal, type At } from './people.ts';

export const run = async (at: At) => {
  const [patient, study] = [await newPatient(at), await newRecipient(at, 'Study office')];
  const folder = await patient.createFolder({ name: 'Steps', category: 'devices' });
  const record = await patient.file(folder.id, bytes('8,412 steps'), {});
  const gift = { recipient: study.id, folders: [folder.id], purpose: 'HRESCH', durationSeconds: 30 * DAYS } as const;
  const [given] = await patient.grant(gift);
  const grant = await study.grant(given.id, patient.id);

  const { payload } = await study.renewReceivingKey();
  await study.giveBack(grant, 'key-replaced');
  const trail = await patient.audit();
  return {
    receivingKey: payload.receiving.number,
    openedThen: await refusal(study.open(grant, [record])),
    lastEvent: trail.at(-1)!.kind,
    byTheRecipient: trail.at(-1)!.actor === study.id,
  };
};

await byHand(import.meta.url, run);
