// Files a record under a grant to add: a laboratory cannot read its result back, and gets a receipt.
import { byHand, bytes, DAYS, newPatient, newRecipient, refusal, textOf, type At } from './people.ts';

export const run = async ({ say = console.log, ...at }: At) => {
  const [patient, laboratory] = [await newPatient(at), await newRecipient(at, 'Laboratory')];
  const folder = await patient.createFolder({ name: 'Blood counts', category: 'laboratory' });
  const [add] = await patient.grant({
    recipient: laboratory.id,
    right: 'add',
    folders: [folder.id],
    purpose: 'TREAT',
    durationSeconds: 30 * DAYS,
  });

  const filed = await laboratory.file(add, bytes('Hb 14.2 g/dl'), {
    fileName: 'blood-count.txt',
    title: 'Blood count',
  });
  // The receipt: the service signed that it stored the record, with the hash of the event in the patient's trail.
  const receipt = filed.receipt!;

  const [record] = await patient.listRecords(folder.id);
  const [opened] = await patient.open([record!]);
  const event = await patient.eventOf(receipt);
  const wroteIt = record!.author === laboratory.id;
  const underItsGrant = record!.grant?.payload.grant === add.id;
  const seen = await textOf(opened!);
  say(
    `The patient reads "${seen}", and sees that the laboratory wrote it: ${wroteIt}, by its grant: ${underItsGrant}.`,
  );
  say(`The patient's trail confirms the laboratory's receipt: event ${event.seq}, ${event.kind}.`);
  const readBack = await refusal(laboratory.open(await laboratory.grant(add.id, patient.id), [filed]));
  say(`The laboratory cannot read it back (${readBack}).`);
  return { wroteIt, underItsGrant, seen, event: event.kind, readBack };
};

await byHand(import.meta.url, run);
