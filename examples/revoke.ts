// A patient revokes one grant of two. What is filed next goes into a new epoch of the folder, which the other recipient can still read.
import { byHand, bytes, DAYS, newPatient, newRecipient, refusal, textOf, type At } from './people.ts';

export const run = async (at: At) => {
  const patient = await newPatient(at);
  const [former, current] = [await newRecipient(at, 'Former practice'), await newRecipient(at, 'Current practice')];
  const folder = await patient.createFolder({ name: 'Letters', category: 'letters' });
  const before = await patient.file(folder.id, bytes('before'), {});
  const gift = { folders: [folder.id], purpose: 'TREAT', durationSeconds: 30 * DAYS } as const;
  const [ends] = await patient.grant({ ...gift, recipient: former.id });
  const [stays] = await patient.grant({ ...gift, recipient: current.id });
  const held = await former.grant(ends.id, patient.id);

  await patient.revoke(ends, 'no-longer-needed');
  const after = await patient.file(folder.id, bytes('after'), {});

  const opened = await current.open(await current.grant(stays.id, patient.id), [before, after]);
  return {
    epochs: [before.epoch, after.epoch],
    former: [
      await refusal(former.open(held, [before])),
      await refusal(former.grant(ends.id).then((g) => former.open(g, [after]))),
    ],
    current: await Promise.all(opened.map(textOf)),
  };
};

await byHand(import.meta.url, run);
