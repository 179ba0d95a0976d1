// Revokes one of two grants: the next record goes into a new epoch of the folder, which only the other recipient can read.
import { byHand, bytes, DAYS, newPatient, newRecipient, refusal, textOf, type At } from './people.ts';

export const run = async ({ say = console.log, ...at }: At) => {
  const patient = await newPatient(at);
  const [former, current] = [await newRecipient(at, 'Former practice'), await newRecipient(at, 'Current practice')];
  const folder = await patient.createFolder({ name: 'Letters', category: 'letters' });
  const before = await patient.file(folder.id, bytes('before'), {});
  const terms = { folders: [folder.id], purpose: 'TREAT', durationSeconds: 30 * DAYS } as const;
  const [ends] = await patient.grant({ ...terms, recipient: former.id });
  const [stays] = await patient.grant({ ...terms, recipient: current.id });
  const held = await former.grant(ends.id, patient.id);

  await patient.revoke(ends, 'no-longer-needed');
  const after = await patient.file(folder.id, bytes('after'), {});

  say(`The patient revokes the former practice's grant; the next record is in epoch ${after.epoch} of the folder.`);

  const refused = [
    await refusal(former.open(held, [before])),
    await refusal(former.grant(ends.id, patient.id).then((g) => former.open(g, [after]))),
  ];
  say(`The former practice opens neither the old record (${refused[0]}) nor the new one (${refused[1]}).`);
  // The call that began the new epoch also carried the other grant over to it.
  const opened = await current.open(await current.grant(stays.id, patient.id), [before, after]);
  const texts = await Promise.all(opened.map(textOf));
  say(`The current practice reads both: "${texts.join('", "')}".`);
  return { epochs: [before.epoch, after.epoch], former: refused, current: texts };
};

await byHand(import.meta.url, run);
