// Exports grants, requests and the audit trail as one FHIR R4 Bundle.
import { byHand, bytes, DAYS, newPatient, newRecipient, type At } from './people.ts';

export const run = async ({ say = console.log, ...at }: At) => {
  const [patient, clinic] = [await newPatient(at), await newRecipient(at, 'Clinic')];
  const folder = await patient.createFolder({ name: 'Letters', category: 'letters' });
  const letter = await patient.file(folder.id, bytes('Dear colleague'), {});
  const terms = { recipient: clinic.id, folders: [folder.id], purpose: 'TREAT', durationSeconds: DAYS } as const;
  const [{ id }] = await patient.grant(terms);
  await clinic.open(await clinic.grant(id, patient.id), [letter]);

  const bundle = await patient.exportFhir();
  const types = bundle.entry?.map((e) => e.resource?.resourceType) ?? [];
  const consents = types.filter((t) => t === 'Consent').length;
  const events = types.filter((t) => t === 'AuditEvent').length;
  say(`A FHIR R4 Bundle (${bundle.type}): ${consents} Consent for the grant, ${events} AuditEvents for the trail.`);
  return { type: bundle.type, consents, events };
};

await byHand(import.meta.url, run);
