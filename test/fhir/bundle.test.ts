// Tests the FHIR Bundle of all of a patient's grants, requests and events.
import { describe, expect, test } from '@jest/globals';
import fc from 'fast-check';
import { fhirBundle } from '../../lib/client/index.ts';
import { runs } from '../support/property-runs.ts';
import { balpFaults } from './profiles.ts';
import { grant, ORIGIN, request, trail } from './arbitrary-export-input.ts';
import { faults } from './schema.ts';
import { AT, entry, values } from './sample-entries.ts';

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
