// Tests the FHIR export of a real trail, with most kinds of events and most states of grants and requests.
import { expect, test } from '@jest/globals';
import type { AuditEvent, Consent } from 'fhir/r4.js';
import type { EventKind } from '../../../lib/domain/audit-chain.ts';
import { balpFaults, pcfFaults } from '../../fhir/profiles.ts';
import { faults } from '../../fhir/schema.ts';
import { bytesOf, DAY_SECONDS, given, when } from './people.ts';

// No grant-extended here: a patient with few standing grants extends them within create-folder. So the trail gets no separate grant-extended event.
const EXPECTED_KINDS: readonly EventKind[] = [
  'registered',
  'folder-created',
  'epoch-started',
  'record-filed',
  'record-deleted',
  'access-requested',
  'request-denied',
  'request-withdrawn',
  'access-granted',
  'grant-paused',
  'grant-resumed',
  'grant-revoked',
  'records-opened',
];

test('the export of a patient is valid FHIR R4 with all grants, requests and events', async () => {
  const { patient, recipient, folder, records } = await given.folder([bytesOf(10), bytesOf(20)]);
  const parties = { patient, recipient, folder };
  const terms = {
    recipient: recipient.id,
    right: 'read',
    everything: true,
    standing: true,
    purpose: 'CAREMGT',
    durationSeconds: DAY_SECONDS,
    openings: 10,
  } as const;
  const [standing] = await patient.grant(terms);
  const later = await patient.createFolder({ name: 'Knee, winter', category: 'imaging' });
  const grant = await when.granted(parties);
  await recipient.open(grant, records);
  await patient.open(records);
  await recipient.withdraw(await when.asks(parties));
  await when.asks(parties);
  await patient.deny((await patient.listRequests('pending'))[0]!);
  await when.asks(parties);
  await patient.resume(await patient.pause(grant));
  await patient.revoke(grant);
  await patient.settle();
  await patient.deleteRecord(records[0]!);
  const bundle = await patient.exportFhir();

  expect(faults(bundle)).toBeUndefined();
  const resources = bundle.entry!.map((e) => e.resource!);
  const consents = resources.filter((r): r is Consent => r.resourceType === 'Consent');
  const events = resources.filter((r): r is AuditEvent => r.resourceType === 'AuditEvent');
  for (const consent of consents) expect(pcfFaults(consent)).toEqual([]);
  for (const event of events) expect(balpFaults(event)).toEqual([]);

  expect(consents.map((c) => c.status).toSorted()).toEqual(
    ['active', 'inactive', 'inactive', 'inactive', 'proposed', 'rejected'].toSorted(),
  );
  const standingConsent = consents.find((c) => c.identifier![0]!.value === standing.id)!;
  expect(standingConsent.provision!.data!.map((d) => d.reference.identifier!.value)).toEqual(
    expect.arrayContaining([folder, later.id, patient.id]),
  );

  const trail = await patient.audit();
  const kinds = new Set(trail.map((e) => e.kind));
  expect(EXPECTED_KINDS.filter((kind) => !kinds.has(kind))).toEqual([]);
  expect(events.map((e) => e.entity!.at(-1)!.what!.identifier!.value)).toEqual(trail.map((e) => e.hash));
  expect(events.filter((e) => e.type.code === '110106').map((e) => e.purposeOfEvent![0]!.coding![0]!.code)).toEqual([
    'TREAT',
  ]);
  for (const name of ['Cough', 'Knee', 'record 0']) expect(JSON.stringify(bundle)).not.toContain(name);
});
