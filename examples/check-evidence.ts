// Checks evidence offline: a third party that knows two ids and the service key verifies statements from the trail. See docs/spec/evidence.md.
import { statementHash, verifyServiceStatement, verifyStatement } from '../lib/client/index.ts';
import { byHand, bytes, DAYS, newPatient, newRecipient, refusal, type At } from './people.ts';

export const run = async ({ say = console.log, ...at }: At) => {
  const [patient, clinic] = [await newPatient(at), await newRecipient(at, 'Clinic')];
  const folder = await patient.createFolder({ name: 'Blood counts', category: 'laboratory' });
  const terms = { recipient: clinic.id, folders: [folder.id], purpose: 'TREAT', durationSeconds: DAYS } as const;
  const [[read], [add]] = [await patient.grant(terms), await patient.grant({ ...terms, right: 'add' })];
  const filed = await clinic.file(add, bytes('Hb 14.2 g/dl'), {});
  await clinic.open(await clinic.grant(read.id, patient.id), [filed]);
  const opened = (await patient.audit()).find((e) => e.kind === 'records-opened')!;

  // The third party gets five texts. It knows two ids and the service key from elsewhere.
  const shown = {
    grant: read.statement.jws,
    opening: opened.evidence!,
    record: filed.statement.jws,
    receipt: filed.receipt!.jws,
    checkpoint: (await patient.checkpoint()).jws,
  };
  const known = { patient: patient.id, clinic: clinic.id, service: patient.memory.serviceKey()! };

  const grant = await verifyStatement('grant', shown.grant, known.patient);
  const opening = await verifyStatement('opening', shown.opening, known.clinic);
  const sameGrant = opening.payload.grant === grant.payload.grant;
  say(`The patient gave a grant to ${grant.payload.right}, the clinic says it opened by it: ${sameGrant}.`);

  const receipt = verifyServiceStatement('receipt', shown.receipt, known.service);
  const checkpoint = verifyServiceStatement('checkpoint', shown.checkpoint, known.service);
  const sameRecord = receipt.statement === statementHash(shown.record);
  say(`The service signed that it stored the record: ${sameRecord}, and that the trail has ${checkpoint.seq} events.`);

  const otherSigner = await refusal(verifyStatement('opening', shown.opening, known.patient));
  say(`Nobody can claim that the patient signed the opening (${otherSigner}).`);
  return { right: grant.payload.right, sameGrant, sameRecord, events: checkpoint.seq, otherSigner };
};

await byHand(import.meta.url, run);
