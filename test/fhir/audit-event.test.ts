// Tests the conversion of events to FHIR AuditEvent, and of all of a patient's data to a Bundle.
import { describe, expect, test } from '@jest/globals';
import fc from 'fast-check';
import type { AuditEvent } from 'fhir/r4.js';
import {
  newId,
  type FolderId,
  type GrantId,
  type OpeningId,
  type RandomId,
  type RecordId,
  type RequestId,
} from '../../lib/bytes/ids.ts';
import { auditEvent, fhirBundle, type ExportedEntry } from '../../lib/client/index.ts';
import {
  EMPTY_CHAIN,
  EVENT_KINDS,
  nextEvent,
  purposesIn,
  type EventKind,
  type EventSubject,
} from '../../lib/domain/audit-chain.ts';
import { clinician, fill, patient } from '../statements/samples.ts';
import { runs } from '../support/property-runs.ts';
import { balpFaults } from './profiles.ts';
import { grant, ORIGIN, request, trail } from './arbitrary-export-input.ts';
import { faults } from './schema.ts';

const id = <T extends RandomId>(byte: number): T => newId<T>(() => fill(byte, 16));
const folder = id<FolderId>(0x11);
const records = [{ record: id<RecordId>(0x22), version: 1 }];
const asked = id<RequestId>(0x33);
const grantId = id<GrantId>(0x44);
const opening = id<OpeningId>(0x55);
const AT = 1_767_225_600_000;
const STATEMENT = `${'B'.repeat(42)}A`;

const entry = (kind: EventKind, subject: EventSubject, by = patient): ExportedEntry => {
  const draft = { kind, patient: patient.id, actor: by.id, subject, at: AT, statement: STATEMENT };
  const { event, hash } = nextEvent(EMPTY_CHAIN, draft);
  return { ...event, hash };
};

/** Events as the service writes them: subject, actor, and the expected values in FHIR. */
const SAMPLE: Record<EventKind, readonly [EventSubject, typeof patient, profile: string, main: string, value: string]> =
  {
    registered: [{}, patient, 'PatientCreate', 'statement', STATEMENT],
    'folder-created': [{ folder, epoch: 1 }, patient, 'PatientCreate', 'folder', folder],
    'epoch-started': [{ folder, epoch: 2, grants: [grantId] }, patient, 'PatientUpdate', 'folder', folder],
    'record-filed': [
      { folder, epoch: 2, records },
      clinician,
      'PatientCreate',
      'record-version',
      `${records[0]!.record}/1`,
    ],
    'record-deleted': [{ folder, records }, patient, 'PatientDelete', 'record-version', `${records[0]!.record}/1`],
    'access-requested': [
      { request: asked, folders: [folder], purpose: 'TREAT' },
      clinician,
      'PatientCreate',
      'request',
      asked,
    ],
    'request-denied': [{ request: asked }, patient, 'PatientUpdate', 'request', asked],
    'request-withdrawn': [{ request: asked }, clinician, 'PatientUpdate', 'request', asked],
    'access-granted': [
      { grant: grantId, request: asked, right: 'read', folders: [folder], purpose: 'TREAT' },
      patient,
      'PatientCreate',
      'grant',
      grantId,
    ],
    'grant-extended': [{ grant: grantId, folders: [folder] }, patient, 'PatientUpdate', 'grant', grantId],
    'grant-paused': [{ grant: grantId }, patient, 'PatientUpdate', 'grant', grantId],
    'grant-resumed': [{ grant: grantId }, patient, 'PatientUpdate', 'grant', grantId],
    'grant-revoked': [{ grant: grantId }, patient, 'PatientUpdate', 'grant', grantId],
    'grant-returned': [{ grant: grantId }, clinician, 'PatientUpdate', 'grant', grantId],
    'records-opened': [
      { opening, grant: grantId, folder, epoch: 2, records },
      clinician,
      'PrivacyDisclosure.Source',
      'folder',
      folder,
    ],
  };

const dataOf = (e: AuditEvent) => e.entity!.find((n) => n.type!.code === '2')!;
const values = (e: AuditEvent) => e.entity!.map((n) => n.what!.identifier!.value);
const none = new Map();

describe('an entry of kind', () => {
  test.each(EVENT_KINDS)('%s', (kind) => {
    const [subject, by, profile, main, value] = SAMPLE[kind];
    const event = auditEvent(ORIGIN, entry(kind, subject, by), none);
    expect(faults(event)).toBeUndefined();
    expect(balpFaults(event)).toEqual([]);
    expect(event.meta!.profile).toEqual([
      `https://profiles.ihe.net/ITI/BALP/StructureDefinition/IHE.BasicAudit.${profile}`,
    ]);
    expect(dataOf(event).what!.identifier).toEqual({ system: `${ORIGIN}/ids/${main}`, value });
    expect(event).toMatchObject({ recorded: '2026-01-01T00:00:00.000Z', outcome: '0' });
    expect(event.agent.filter((a) => a.requestor).map((a) => a.who!.identifier!.value)).toEqual([by.id]);
    if (kind !== 'record-deleted')
      expect(event.subtype).toContainEqual({ system: `${ORIGIN}/ids/event-kind`, code: kind });
  });
});

describe('an entry contains', () => {
  const detailsOf = (e: AuditEvent) =>
    Object.fromEntries(e.entity!.at(-1)!.detail!.map((d) => [d.type, d.valueString]));

  test('its position in the chain, so that it can be compared with the trail', () => {
    const e = entry('records-opened', SAMPLE['records-opened'][0], clinician);
    const event = auditEvent(ORIGIN, e, none);
    expect(event.entity!.at(-1)!.what!.identifier).toEqual({ system: `${ORIGIN}/ids/audit-event`, value: e.hash });
    expect(detailsOf(event)).toEqual({
      seq: '1',
      previous: EMPTY_CHAIN.hash,
      statement: STATEMENT,
      epoch: '2',
      opening,
    });
  });

  test('every record of an opening, and the grant', () => {
    const many = [1, 2, 3].map((version) => ({ record: id<RecordId>(version), version }));
    const subject = { opening, grant: grantId, folder, epoch: 2, records: many };
    const event = auditEvent(ORIGIN, entry('records-opened', subject, clinician), none);
    expect(values(event).slice(2, -1)).toEqual([...many.map((r) => `${r.record}/${r.version}`), grantId]);
  });

  test('no disclosure, if the patient opened the record', () => {
    const own = auditEvent(ORIGIN, entry('records-opened', { opening, folder, epoch: 1, records }), none);
    expect(own.meta!.profile![0]).toMatch(/PatientRead$/);
    expect(balpFaults(own)).toEqual([]);
    expect(own.agent.find((a) => a.requestor)!.who).toMatchObject({ type: 'Patient' });
  });

  test('an update, for a later version of a record', () => {
    const filed = (version: number) =>
      auditEvent(ORIGIN, entry('record-filed', { folder, epoch: 1, records: [{ ...records[0]!, version }] }), none);
    expect([1, 2].map((v) => filed(v).action)).toEqual(['C', 'U']);
    expect(balpFaults(filed(2))).toEqual([]);
  });

  test('the purpose of the grant, for an opening', () => {
    const entries = [
      entry('access-granted', { grant: grantId, folders: [folder], purpose: 'ETREAT' }),
      entry('records-opened', SAMPLE['records-opened'][0], clinician),
    ];
    const codes = entries.map((e) => auditEvent(ORIGIN, e, purposesIn(entries)).purposeOfEvent?.[0]?.coding?.[0]?.code);
    expect(codes).toEqual(['ETREAT', 'ETREAT']);
    expect(auditEvent(ORIGIN, entries[1]!, none).purposeOfEvent).toBeUndefined();
  });
});

describe('a Bundle', () => {
  test('of any input is valid: every entry follows its profile, ids are unique, and equal inputs give equal bundles', () => {
    fc.assert(
      fc.property(
        fc.array(grant, { maxLength: 3 }),
        fc.array(request, { maxLength: 3 }),
        trail,
        (grants, requests, t) => {
          const bundle = fhirBundle(ORIGIN, { grants, requests, trail: t, at: AT });
          expect(faults(bundle)).toBeUndefined();
          expect(fhirBundle(ORIGIN, { grants, requests, trail: t, at: AT })).toEqual(bundle);
          const entries = bundle.entry ?? [];
          expect(entries).toHaveLength(grants.length + requests.length + t.length);
          expect(new Set(entries.map((e) => e.fullUrl)).size).toBe(entries.length);
          for (const { fullUrl, resource } of entries) {
            expect(fullUrl).toMatch(/^urn:uuid:[0-9a-f]{8}-[0-9a-f]{4}-8[0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}$/);
            if (resource!.resourceType === 'AuditEvent') expect(balpFaults(resource!)).toEqual([]);
          }
          const events = entries.flatMap(({ resource }) =>
            resource!.resourceType === 'AuditEvent' ? [resource!] : [],
          );
          expect(events.map((e) => values(e).at(-1))).toEqual(t.map((e) => e.hash));
        },
      ),
      { numRuns: runs(30) },
    );
  });

  test('with a broken resource is refused', () => {
    const e = entry('registered', {});
    const bundle = fhirBundle(ORIGIN, { grants: [], requests: [], trail: [e], at: AT });
    expect(faults(bundle)).toBeUndefined();
    const [only] = bundle.entry!;
    const resource = { ...only!.resource!, recorded: 'yesterday' };
    expect(faults({ ...bundle, entry: [{ ...only!, resource }] } as typeof bundle)).toEqual(expect.any(String));
  });

  test('without events has no entry', () => {
    expect(fhirBundle(ORIGIN, { grants: [], requests: [], trail: [], at: AT })).toEqual({
      resourceType: 'Bundle',
      type: 'collection',
      timestamp: '2026-01-01T00:00:00.000Z',
    });
  });
});

describe('the validators find faults', () => {
  const opened = (): AuditEvent =>
    auditEvent(ORIGIN, entry('records-opened', SAMPLE['records-opened'][0], clinician), none);
  const created = (): AuditEvent => auditEvent(ORIGIN, entry('folder-created', { folder, epoch: 1 }), none);
  const deleted = (): AuditEvent => auditEvent(ORIGIN, entry('record-deleted', { folder, records }), none);

  test.each<[string, (e: AuditEvent) => object]>([
    ['an unknown action', (e) => ({ ...e, action: 'X' })],
    ['an unknown outcome', (e) => ({ ...e, outcome: 'ok' })],
    ['no agent', ({ agent: _, ...e }) => e],
    ['no source', ({ source: _, ...e }) => e],
    ['no type', ({ type: _, ...e }) => e],
    ['a member that FHIR does not have', (e) => ({ ...e, kind: 'records-opened' })],
    ['an unknown type of network', (e) => ({ ...e, agent: [{ network: { type: '9' } }] })],
  ])('the schema refuses %s', (_, change) => {
    expect(faults(change(opened()) as AuditEvent)).toEqual(expect.any(String));
  });

  const dropEntity = (code: string) => (e: AuditEvent) => ({
    ...e,
    entity: e.entity!.filter((n) => n.type!.code !== code),
  });
  const dropAgent = (code: string) => (e: AuditEvent) => ({
    ...e,
    agent: e.agent.filter((a) => a.type!.coding![0]!.code !== code),
  });

  test.each<[string, () => AuditEvent, (e: AuditEvent) => AuditEvent]>([
    ['type', opened, (e) => ({ ...e, type: { code: 'rest' } })],
    ['subtype', opened, (e) => ({ ...e, subtype: [] })],
    ['action', opened, (e) => ({ ...e, action: 'C' })],
    ['val-audit-source', opened, (e) => ({ ...e, source: { observer: { display: 'another' } } })],
    ['agent[recipient]', opened, dropAgent('110152')],
    ['entity[patient]', opened, dropEntity('1')],
    ['type', created, (e) => ({ ...e, type: { code: 'rest' } })],
    ['subtype', created, (e) => ({ ...e, subtype: [] })],
    ['outcome', created, (e) => ({ ...e, outcome: '8' })],
    ['agent[client]', created, dropAgent('110153')],
    ['agent[server]', created, dropAgent('110152')],
    ['agent[user]', created, (e) => ({ ...e, agent: e.agent.map((a) => ({ ...a, requestor: false })) })],
    ['entity[data]', created, dropEntity('2')],
    ['entity[data]', created, (e) => ({ ...e, entity: [...e.entity!, dataOf(e)] })],
    ['subtype 1..1', deleted, (e) => ({ ...e, subtype: [...e.subtype!, { code: 'x' }] })],
    ['bare slices', deleted, (e) => ({ ...e, entity: e.entity!.map((n) => ({ ...n, name: 'a name' })) })],
    ['profile ', created, ({ meta: _, ...e }) => e],
  ])('the rules of the profile find %s', (rule, make, change) => {
    expect(balpFaults(make())).toEqual([]);
    expect(balpFaults(change(make()))).toEqual([rule]);
  });
});
