// Tests exportFhir: the bundle is valid FHIR, contains no health data, and a false answer of the service is refused.
import { describe, expect, test } from '@jest/globals';
import type { AuditEvent, Consent } from 'fhir/r4.js';
import type { FhirExport } from '../../lib/client/index.ts';
import { balpFaults, pcfFaults } from '../fhir/profiles.ts';
import { faults } from '../fhir/schema.ts';
import { ORIGIN } from './lying-service.ts';
import { pendingRequest, DAY, granted, people } from './main-job-story.ts';
import { refusal } from './clients.ts';

const resources = (bundle: FhirExport) => bundle.entry!.map((e) => e.resource!);
const consents = (bundle: FhirExport): Consent[] => resources(bundle).filter((r) => r.resourceType === 'Consent');
const events = (bundle: FhirExport): AuditEvent[] => resources(bundle).filter((r) => r.resourceType === 'AuditEvent');

describe('exportFhir', () => {
  test('exports the verified trail, the grants and the requests as valid FHIR, without names, messages or content', async () => {
    const { patient, clinician, grant, record, first, second } = await granted();
    const [listed] = await clinician.listRecords(grant, first.id);
    await clinician.open(grant, [listed!]);
    const message = 'the results of last week';
    await clinician.request({
      patient: patient.id,
      folders: [first.id],
      message,
      purpose: 'HRESCH',
      durationSeconds: DAY,
    });
    const bundle = await patient.exportFhir();

    expect(faults(bundle)).toBeUndefined();
    expect(consents(bundle).map((c) => [c.status, c.identifier![0]!.system])).toEqual([
      ['active', `${ORIGIN}/ids/grant`],
      ['inactive', `${ORIGIN}/ids/request`],
      ['proposed', `${ORIGIN}/ids/request`],
    ]);
    for (const consent of consents(bundle)) expect(pcfFaults(consent)).toEqual([]);
    const trail = await patient.audit();
    expect(events(bundle).map((e) => e.entity!.at(-1)!.what!.identifier!.value)).toEqual(trail.map((e) => e.hash));
    for (const event of events(bundle)) expect(balpFaults(event)).toEqual([]);
    const opened = events(bundle).find((e) => e.action === 'R')!;
    expect(opened.entity!.map((n) => n.what!.identifier!.value)).toContain(`${record.record}/1`);

    const text = JSON.stringify(bundle);
    expect(text).toContain(first.id);
    const sealed = (await patient.listRequests()).flatMap((r) => r.statement.payload.message ?? []);
    expect(sealed).toHaveLength(1);
    const names = [first, second].flatMap((f) => [f.name, f.statement.payload.name]);
    for (const secret of [message, ...sealed, ...names, 'blood.txt', 'Hb 13.4']) expect(text).not.toContain(secret);
  });

  test('exports the state of a request from the trail, if the list is older', async () => {
    const all = await granted();
    const { service, patient, first } = all;
    await patient.deny(await pendingRequest(all, [first.id]));
    service.state.lie = (route, answer) =>
      route === 'list-requests'
        ? { requests: answer.requests.map((r: object) => ({ ...r, state: 'pending' })) }
        : undefined;
    const states = consents(await patient.exportFhir()).map((c) => [c.status, c.provision!.type]);
    expect(states).toContainEqual(['rejected', 'deny']);
  });

  test('fetches a grant that the trail has and the list omits', async () => {
    const { service, patient, grant } = await granted();
    service.state.lie = (route, answer) => (route === 'list-grants' ? { ...answer, grants: [] } : undefined);
    expect(consents(await patient.exportFhir())[0]!.identifier![0]!.value).toBe(grant.id);
  });

  test('exports a revoked grant as revoked, although the service calls it active', async () => {
    const { service, patient, grant } = await granted();
    await patient.revoke(grant);
    expect(consents(await patient.exportFhir())[0]!.status).toBe('inactive');
    service.state.lie = (route, answer) =>
      route === 'list-grants' ? { grants: answer.grants.map((g: object) => ({ ...g, state: 'active' })) } : undefined;
    expect(consents(await patient.exportFhir())[0]!.status).toBe('inactive');
  });

  test.each([
    ['purpose', { purpose: 'HRESCH' }],
    ['right', { right: 'write' }],
    ['request', { request: undefined }],
    ['folders', { folders: [] }],
  ] as const)('refuses an event of a grant with another %s than the patient signed', async (_, other) => {
    const all = await people();
    const { service, patient } = all;
    const folder = await patient.createFolder({ name: 'Blood', category: 'laboratory' });
    service.state.falseSubject = ({ kind, subject }) =>
      kind === 'access-granted' ? (JSON.parse(JSON.stringify({ ...subject, ...other })) as object) : undefined;
    await patient.approve(await pendingRequest(all, [folder.id]), { unverifiedRecipient: true });
    await expect(refusal(() => patient.exportFhir())).resolves.toBe('unverified evidence');
  });

  test.each(['denied', 'withdrawn', 'approved'])(
    'refuses a request that is %s, if nobody signed that',
    async (state) => {
      const all = await granted();
      const { service, patient, first } = all;
      await pendingRequest(all, [first.id]);
      service.state.lie = (route, answer) =>
        route === 'list-requests' ? { requests: answer.requests.map((r: object) => ({ ...r, state })) } : undefined;
      await expect(refusal(() => patient.exportFhir())).resolves.toBe('unverified request');
    },
  );

  test.each(['list-grants', 'get-grant'])('refuses an end of a grant that nobody signed, in %s', async (liar) => {
    const { service, patient } = await granted();
    service.state.lie = (route, answer) => {
      if (route === 'list-grants')
        return { grants: liar === route ? answer.grants.map((g: object) => ({ ...g, state: 'revoked' })) : [] };
      return route === liar ? { ...answer, state: 'revoked' } : undefined;
    };
    await expect(refusal(() => patient.exportFhir())).resolves.toBe('unverified grant');
  });

  test('exports no pause that nobody signed', async () => {
    const { service, patient } = await granted();
    service.state.lie = (route, answer) =>
      route === 'list-grants'
        ? { grants: answer.grants.map((g: object) => ({ ...g, state: 'paused', holds: 1 })) }
        : undefined;
    expect(consents(await patient.exportFhir())[0]!.status).toBe('active');
  });

  test('refuses a new cell whose event names a grant that the patient did not extend', async () => {
    const { service, patient, grant } = await granted();
    service.state.falseSubject = ({ kind, subject }) =>
      kind === 'folder-created' ? { ...subject, grants: [grant.id] } : undefined;
    await patient.createFolder({ name: 'Urine', category: 'laboratory' });
    await expect(refusal(() => patient.exportFhir())).resolves.toBe('unverified evidence');
  });
});
