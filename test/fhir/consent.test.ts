// Tests the conversion of grants and requests to FHIR Consent.
import { describe, expect, test } from '@jest/globals';
import fc from 'fast-check';
import type { Consent } from 'fhir/r4.js';
import { grantConsent, requestConsent, type ExportedGrant, type ExportedRequest } from '../../lib/client/index.ts';
import { PURPOSE_TEXTS, PURPOSES } from '../../lib/statements/fields.ts';
import { signStatement } from '../../lib/statements/sign.ts';
import { SAMPLES } from '../statements/samples.ts';
import { runs } from '../support/property-runs.ts';
import { pcfFaults } from './profiles.ts';
import { grant, ORIGIN, request } from './arbitrary-export-input.ts';
import { faults, SCHEMA_ID } from './schema.ts';

const signedGrant = async (change: object = {}): Promise<ExportedGrant> => {
  const { signer, payload } = SAMPLES.grant;
  const statement = await signStatement('grant', { ...payload, ...change }, signer);
  return { statement, state: 'active', folders: payload.cells.map((c) => c.folder) };
};
const signedRequest = async (change: object = {}): Promise<ExportedRequest> => {
  const { signer, payload } = SAMPLES.request;
  return { statement: await signStatement('request', { ...payload, ...change }, signer), state: 'pending' };
};

const ids = (c: Consent) => c.provision!.data!.map((d) => d.reference.identifier);

describe('a grant', () => {
  test('contains patient, recipient, purpose, folders and period', async () => {
    const { payload: p, signer } = SAMPLES.grant;
    const exported = await signedGrant();
    const consent = grantConsent(ORIGIN, exported);
    expect(faults(consent)).toBeUndefined();
    expect(consent).toMatchObject({
      resourceType: 'Consent',
      meta: { profile: ['https://profiles.ihe.net/ITI/PCF/StructureDefinition/IHE.PCF.consentIntermediate'] },
      identifier: [
        { system: `${ORIGIN}/ids/grant`, value: p.grant },
        { use: 'secondary', system: `${ORIGIN}/ids/request`, value: p.request!.id },
      ],
      status: 'active',
      scope: { coding: [{ system: 'http://terminology.hl7.org/CodeSystem/consentscope', code: 'patient-privacy' }] },
      category: [{ coding: [{ system: 'http://loinc.org', code: '59284-0' }] }],
      patient: { type: 'Patient', identifier: { system: `${ORIGIN}/ids/identity`, value: signer.id } },
      performer: [{ type: 'Patient', identifier: { value: signer.id } }],
      organization: [{ type: 'Organization', identifier: { system: 'urn:ietf:rfc:3986', value: ORIGIN } }],
      dateTime: '2026-01-01T00:00:00.000Z',
      sourceReference: { identifier: { system: `${ORIGIN}/ids/statement`, value: exported.statement.hash } },
    });
    expect(consent.provision).toEqual({
      modifierExtension: [{ url: `${ORIGIN}/ids/maximum-openings`, valuePositiveInt: 100 }],
      type: 'permit',
      period: { start: '2026-01-01T00:00:00.000Z', end: '2026-01-30T23:59:59.999Z' },
      actor: [
        {
          role: { coding: [{ system: 'http://terminology.hl7.org/CodeSystem/v3-ParticipationType', code: 'IRCP' }] },
          reference: { identifier: { system: `${ORIGIN}/ids/identity`, value: p.recipient } },
        },
      ],
      purpose: [{ system: 'http://terminology.hl7.org/CodeSystem/v3-ActReason', code: 'TREAT', display: 'treatment' }],
      data: [
        {
          meaning: 'instance',
          reference: { type: 'List', identifier: { system: `${ORIGIN}/ids/folder`, value: p.cells[0]!.folder } },
        },
      ],
    });
  });

  test.each<[ExportedGrant['state'], Consent['status']]>([
    ['active', 'active'],
    ['not-begun', 'active'],
    ['paused', 'inactive'],
    ['expired', 'inactive'],
    ['exhausted', 'inactive'],
    ['revoked', 'inactive'],
  ])('that is %s is %s', async (state, status) => {
    expect(grantConsent(ORIGIN, { ...(await signedGrant()), state }).status).toBe(status);
  });

  test('with a standing scope names its folders, and the category or "everything"', async () => {
    const { patient, cells } = SAMPLES.grant.payload;
    const folder = { system: `${ORIGIN}/ids/folder`, value: cells[0]!.folder };
    const of = async (standing: object) => ids(grantConsent(ORIGIN, await signedGrant({ standing })));
    expect(await of({ categories: ['imaging', 'devices'] })).toEqual([
      folder,
      { system: `${ORIGIN}/ids/category`, value: `${patient}/imaging` },
      { system: `${ORIGIN}/ids/category`, value: `${patient}/devices` },
    ]);
    expect(await of({ everything: true })).toEqual([folder, { system: `${ORIGIN}/ids/folders`, value: patient }]);
  });

  test.each([
    ['add', 'CREATE'],
    ['write', 'UPDATE'],
  ])('to %s says its action, for which the profile has no room, and does not claim it', async (right, code) => {
    const consent = grantConsent(ORIGIN, await signedGrant({ right }));
    expect(faults(consent)).toBeUndefined();
    expect(consent.meta).toBeUndefined();
    expect(consent.provision!.action).toEqual([
      { coding: [{ system: 'http://terminology.hl7.org/CodeSystem/v3-DataOperation', code }] },
    ]);
    expect(pcfFaults(consent)).toEqual(['provision.action']);
  });

  test('of any content is valid and follows the profile that it claims', () => {
    fc.assert(
      fc.property(grant, (exported) => {
        const consent = grantConsent(ORIGIN, exported);
        expect(faults(consent)).toBeUndefined();
        const { right, notBefore, expires } = exported.statement.payload;
        expect(consent.meta !== undefined).toBe(right === 'read');
        if (right === 'read') expect(pcfFaults(consent)).toEqual([]);
        const { start, end } = consent.provision!.period!;
        expect([Date.parse(start!), Date.parse(end!)]).toEqual([notBefore, expires - 1]);
        const named = ids(consent).map((i) => i!.value);
        for (const folder of exported.folders) expect(named).toContain(folder);
      }),
      { numRuns: runs(100) },
    );
  });
});

describe('a request', () => {
  test.each<[ExportedRequest['state'], Consent['status'], 'permit' | 'deny']>([
    ['pending', 'proposed', 'permit'],
    ['approved', 'inactive', 'permit'],
    ['denied', 'rejected', 'deny'],
    ['withdrawn', 'inactive', 'permit'],
    ['expired', 'inactive', 'permit'],
  ])('that is %s is %s, %s', async (state, status, type) => {
    const { payload: p } = SAMPLES.request;
    const consent = requestConsent(ORIGIN, { ...(await signedRequest()), state });
    expect(faults(consent)).toBeUndefined();
    expect(pcfFaults(consent)).toEqual([]);
    expect(consent).toMatchObject({
      identifier: [{ system: `${ORIGIN}/ids/request`, value: p.request }],
      status,
      provision: { type, actor: [{ reference: { identifier: { value: p.recipient } } }] },
    });
    expect(consent.provision!.period).toBeUndefined();
  });

  test('names its scope', async () => {
    const { patient } = SAMPLES.request.payload;
    const { record } = SAMPLES.record.payload;
    const of = async (scope: object) => requestConsent(ORIGIN, await signedRequest({ scope }));
    expect(ids(await of({ everything: true }))).toEqual([{ system: `${ORIGIN}/ids/folders`, value: patient }]);
    expect((await of({ record })).provision!.data![0]!.reference).toEqual({
      type: 'DocumentReference',
      identifier: { system: `${ORIGIN}/ids/record`, value: record },
    });
  });

  test('for several rights names all of them', async () => {
    const consent = requestConsent(ORIGIN, await signedRequest({ rights: ['read', 'write'] }));
    expect(consent.meta).toBeUndefined();
    expect(consent.provision!.action!.map((a) => a.coding![0]!.code)).toEqual(['READ', 'UPDATE']);
  });

  test('of any content is valid and follows the profile that it claims; its message is not exported', () => {
    fc.assert(
      fc.property(request, (exported) => {
        const consent = requestConsent(ORIGIN, exported);
        expect(faults(consent)).toBeUndefined();
        const { rights, message } = exported.statement.payload;
        const reads = rights.every((r) => r === 'read');
        expect(consent.meta !== undefined).toBe(reads);
        if (reads) expect(pcfFaults(consent)).toEqual([]);
        if (message !== undefined) expect(JSON.stringify(consent)).not.toContain(message);
      }),
      { numRuns: runs(100) },
    );
  });
});

describe('the validators find faults', () => {
  test('the schema is of release R4', () => {
    expect(SCHEMA_ID).toBe('http://hl7.org/fhir/json-schema/4.0');
  });

  const breaking: readonly (readonly [string, (c: Record<string, unknown>) => unknown])[] = [
    ['an unknown status', (c) => ({ ...c, status: 'granted' })],
    ['no scope', ({ scope: _, ...c }) => c],
    ['no category', ({ category: _, ...c }) => c],
    ['a member that FHIR does not have', (c) => ({ ...c, folders: [] })],
    ['an invalid time', (c) => ({ ...c, dateTime: 1_767_225_600_000 })],
    ['an id with a letter that ids do not have', (c) => ({ ...c, id: 'a_b' })],
    ['an unknown type of provision', (c) => ({ ...c, provision: { type: 'allow' } })],
    ['a nested member that FHIR does not have', (c) => ({ ...c, patient: { id: 'x', folder: 'y' } })],
  ];
  test.each(breaking)('the schema refuses %s', async (_, change) => {
    const consent = grantConsent(ORIGIN, await signedGrant());
    expect(faults(consent)).toBeUndefined();
    expect(faults(change({ ...consent }) as Consent)).toEqual(expect.any(String));
  });

  test.each<[string, (c: Consent) => Consent]>([
    [
      'scope',
      (c) => ({
        ...c,
        scope: { coding: [{ system: 'http://terminology.hl7.org/CodeSystem/consentscope', code: 'research' }] },
      }),
    ],
    ['category', (c) => ({ ...c, category: [] })],
    ['patient', ({ patient: _, ...c }) => c],
    ['dateTime', ({ dateTime: _, ...c }) => c],
    ['performer', ({ performer: _, ...c }) => c],
    ['organization', ({ organization: _, ...c }) => c],
    ['source', ({ sourceReference: _, ...c }) => c],
    ['policy', ({ policy: _, ...c }) => c],
    ['policyRule', (c) => ({ ...c, policyRule: {} })],
    ['provision.type', ({ provision: { type: _, ...provision } = {}, ...c }) => ({ ...c, provision })],
    ['provision.actor.role', (c) => ({ ...c, provision: { ...c.provision, actor: [{ role: {}, reference: {} }] } })],
    ['provision.class', (c) => ({ ...c, provision: { ...c.provision, class: [{}] } })],
    [
      'provision.data.meaning',
      (c) => ({ ...c, provision: { ...c.provision, data: [{ meaning: 'dependents', reference: {} }] } }),
    ],
  ])('the rules of the profile find %s', async (rule, change) => {
    expect(pcfFaults(change(grantConsent(ORIGIN, await signedGrant())))).toEqual([rule]);
  });

  test.each(PURPOSES)('the purpose %s has its code and its text', async (purpose) => {
    expect(grantConsent(ORIGIN, await signedGrant({ purpose })).provision!.purpose).toEqual([
      { system: 'http://terminology.hl7.org/CodeSystem/v3-ActReason', code: purpose, display: PURPOSE_TEXTS[purpose] },
    ]);
  });
});
