// Files the next version of a record: the previous version stays, and every reader sees the author of each version and the grant under which the author filed
// it.
import { byHand, bytes, DAYS, newPatient, newRecipient, textOf, type At } from './people.ts';

export const run = async ({ say = console.log, ...at }: At) => {
  const [patient, specialist] = [await newPatient(at), await newRecipient(at, 'Specialist')];
  const folder = await patient.createFolder({ name: 'Medication', category: 'medication' });
  const plan = await patient.file(folder.id, bytes('Ramipril 5 mg'), { fileName: 'plan.txt' });
  const terms = {
    recipient: specialist.id,
    folders: [folder.id],
    purpose: 'TREAT',
    durationSeconds: 30 * DAYS,
  } as const;
  const [read] = await patient.grant(terms);
  const [write] = await patient.grant({ ...terms, right: 'write' });

  await specialist.fileVersion(write, plan, bytes('Ramipril 2.5 mg'), { fileName: 'plan.txt' });

  const grant = await specialist.grant(read.id, patient.id);
  const versions = await specialist.listVersions(grant, plan.record);
  const opened = await specialist.open(grant, versions);
  const texts = await Promise.all(opened.map(textOf));
  const authors = versions.map((v) => (v.author === patient.id ? 'patient' : 'specialist'));
  // If the author is not the patient, the client has checked that the author's grant covers the version. The patient needs no grant.
  const underGrant = versions.map((v) => v.grant?.payload.grant === write.id);
  for (const [i, v] of versions.entries())
    say(
      `Version ${v.version}, by the ${authors[i]}, ${underGrant[i] ? 'under its grant to write' : 'as the owner'}: "${texts[i]}".`,
    );
  const [first, second] = versions.map((v) => v.statement);
  const chained = second!.payload.previous === first!.hash;
  say(`The second names the first, so that neither can be left out: ${chained}.`);
  return { texts, authors, underGrant, chained };
};

await byHand(import.meta.url, run);
