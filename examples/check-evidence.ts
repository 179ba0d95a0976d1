// A grant and a receipt, shown to a third party that knows the patient's id and the service's key, and asks nobody. docs/spec/evidence.md.
import { verifyServiceStatement } from '../lib/statements/service.ts';
import { verifyStatement } from '../lib/statements/verify.ts';
import { byHand, bytes, DAYS, newPatient, newRecipient, type At } from './people.ts';

export const run = async (at: At) => {
  const [patient, laboratory] = [await newPatient(at), await newRecipient(at, 'Laboratory')];
  const folder = await patient.createFolder({ name: 'Blood counts', category: 'laboratory' });
  const gift = { recipient: laboratory.id, folders: [folder.id], purpose: 'TREAT', durationSeconds: DAYS } as const;
  const [add] = await patient.grant({ ...gift, right: 'add' });
  const filed = await laboratory.file(add, bytes('Hb 14.2 g/dl'), {});

  // What is handed over: texts. What the third party knows from elsewhere: an id and a key.
  const shown = { grant: add.statement.jws, receipt: filed.receipt!.jws };
  const known = { patient: patient.id, service: laboratory.memory.serviceKey()! };

  const grant = await verifyStatement('grant', shown.grant, known.patient);
  const receipt = verifyServiceStatement('receipt', shown.receipt, known.service);
  return { right: grant.payload.right, sameGrant: receipt.grant === grant.payload.grant, version: receipt.version };
};

await byHand(import.meta.url, run);
