// Tests the conversion of events to FHIR AuditEvent.
import { describe, expect, test } from '@jest/globals';
import type { AuditEvent } from 'fhir/r4.js';
import type { RecordId } from '../../lib/bytes/ids.ts';
import { auditEvent } from '../../lib/client/index.ts';
import { EMPTY_CHAIN, EVENT_KINDS, purposesIn } from '../../lib/domain/audit-chain.ts';
import { clinician } from '../statements/samples.ts';
import { balpFaults } from './profiles.ts';
import { ORIGIN } from './arbitrary-export-input.ts';
import { faults } from './schema.ts';
import {
  dataOf,
  entry,
  folder,
  grantId,
  id,
  none,
  opening,
  records,
  SAMPLE,
  STATEMENT,
  values,
} from './sample-entries.ts';

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
