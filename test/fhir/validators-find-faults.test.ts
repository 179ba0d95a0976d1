// Tests that the validators of the other tests find faults: the schema of FHIR, and the rules of the audit profiles.
import { describe, expect, test } from '@jest/globals';
import type { AuditEvent } from 'fhir/r4.js';
import { auditEvent } from '../../lib/client/index.ts';
import { clinician } from '../statements/samples.ts';
import { balpFaults } from './profiles.ts';
import { ORIGIN } from './arbitrary-export-input.ts';
import { faults } from './schema.ts';
import { dataOf, entry, folder, none, records, SAMPLE } from './sample-entries.ts';

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
