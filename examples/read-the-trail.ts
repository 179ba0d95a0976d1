// Reads the audit trail: finds who opened which record, when and for which purpose, and continues from the stored trail on another day.
import { createIdentity, createPatient, createTrail, importMemory, PURPOSE_TEXTS } from '../lib/client/index.ts';
import { byHand, bytes, DAYS, newRecipient, type At } from './people.ts';

export const run = async ({ say = console.log, ...at }: At) => {
  const { identity } = createIdentity();
  const patient = createPatient({ ...at, ...identity });
  await patient.register();
  const clinic = await newRecipient(at, 'Clinic');
  const folder = await patient.createFolder({ name: 'Letters', category: 'letters' });
  const letter = await patient.file(folder.id, bytes('Dear colleague'), { title: 'Discharge letter' });
  const terms = { recipient: clinic.id, folders: [folder.id], purpose: 'TREAT', durationSeconds: DAYS } as const;
  const [{ id }] = await patient.grant(terms);
  await clinic.open(await clinic.grant(id, patient.id), [letter]);

  const opened = await patient.openings({ record: letter.record, purpose: 'TREAT' });
  for (const { opener, at: when, purpose } of opened)
    say(
      `${opener === clinic.id ? 'The clinic' : opener} opened it, ${new Date(when).toISOString()}, ${PURPOSE_TEXTS[purpose!]}.`,
    );

  const checkpoint = await patient.checkpoint();
  say(`The service signed the trail up to event ${checkpoint.seq}. Memory and trail are kept, as plain JSON.`);
  const [memory, trail] = [patient.memory.export(), patient.trail.export()];

  // On another day the stored events must still be in the trail. If one is missing, the client reports the first that is missing.
  const next = createPatient({
    ...at,
    ...identity,
    memory: importMemory(patient.id, memory),
    trail: createTrail(trail),
  });
  await next.open([letter]);
  const now = await next.audit();
  say(`On another day the client reads the events after number ${trail.entries.length} and finds ${now.at(-1)!.kind}.`);
  return {
    who: opened.map((o) => o.opener === clinic.id),
    what: opened.map((o) => o.record === letter.record),
    when: opened.map((o) => o.at),
    purposes: opened.map((o) => o.purpose),
    signedUpTo: checkpoint.seq,
    kept: trail.entries.length,
    now: now.length,
  };
};

await byHand(import.meta.url, run);
