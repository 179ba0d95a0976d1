// Who opened what, when, and for what purpose: answered over the trail that the patient's client verified, kept, and reads on from.
import { createPatient, createTrail, importMemory } from '../lib/client/index.ts';
import { byHand, bytes, DAYS, newIdentity, newRecipient, type At } from './people.ts';

export const run = async (at: At) => {
  const identity = newIdentity();
  const patient = createPatient({ ...at, ...identity });
  await patient.register();
  const clinic = await newRecipient(at, 'Clinic');
  const folder = await patient.createFolder({ name: 'Letters', category: 'letters' });
  const letter = await patient.file(folder.id, bytes('Dear colleague'), {});
  const gift = { recipient: clinic.id, folders: [folder.id], purpose: 'TREAT', durationSeconds: DAYS } as const;
  const [{ id }] = await patient.grant(gift);
  await clinic.open(await clinic.grant(id, patient.id), [letter]);

  const opened = await patient.openings({ record: letter.record, purpose: 'TREAT' });
  const checkpoint = await patient.checkpoint();

  // Another day: plain JSON was kept, and what it holds must still be there.
  const [memory, trail] = [patient.memory.export(), patient.trail.export()];
  const next = createPatient({
    ...at,
    ...identity,
    memory: importMemory(patient.id, memory),
    trail: createTrail(trail),
  });
  await next.open([letter]);
  return {
    who: opened.map((o) => o.opener === clinic.id),
    purposes: opened.map((o) => o.purpose),
    signedUpTo: checkpoint.seq,
    kept: trail.entries.length,
    now: (await next.audit()).length,
  };
};

await byHand(import.meta.url, run);
