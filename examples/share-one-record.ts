// Shares one record and no other record of its folder.
import { bytes, byHand, DAYS, newPatient, newRecipient, refusal, textOf, type At } from './people.ts';

export const run = async ({ say = console.log, ...at }: At) => {
  const [patient, insurer] = [await newPatient(at), await newRecipient(at, 'Insurer')];
  const folder = await patient.createFolder({ name: 'Hospital letters', category: 'letters' });
  const invoice = await patient.file(folder.id, bytes('Invoice 4711'), { fileName: 'invoice.txt' });
  const letter = await patient.file(folder.id, bytes('Discharge letter'), { fileName: 'letter.txt' });

  // The client makes a folder that contains only this record version, and wraps the file key for the cell of this folder. The blob is not copied.
  const [{ id }] = await patient.grant({
    recipient: insurer.id,
    record: invoice.record,
    purpose: 'HPAYMT',
    durationSeconds: 14 * DAYS,
  });

  const grant = await insurer.grant(id, patient.id);
  const [opened] = await insurer.open(grant, [invoice]);
  const seen = await textOf(opened!);
  say(`The insurer reads the one record it was given: "${seen}".`);
  const otherRecord = await refusal(insurer.open(grant, [letter]));
  say(`It cannot open the letter beside it (${otherRecord}).`);
  const wholeFolder = await refusal(insurer.listRecords(grant, folder.id));
  say(`It cannot list the folder of both records (${wholeFolder}).`);
  return { seen, otherRecord, wholeFolder };
};

await byHand(import.meta.url, run);
