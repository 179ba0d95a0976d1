// Exports the grants, requests and trail of a patient as one FHIR R4 Bundle.
import type { AuditEvent, Bundle, Consent } from 'fhir/r4.js';
import { purposesIn } from '../domain/audit-chain.ts';
import { auditEvent, type ExportedEntry } from './audit-event.ts';
import { grantConsent, requestConsent, type ExportedGrant, type ExportedRequest } from './consent.ts';
import { instantText, type Origin } from './names.ts';

export type FhirExport = Bundle<Consent | AuditEvent>;

export interface Exported {
  readonly grants: readonly ExportedGrant[];
  readonly requests: readonly ExportedRequest[];
  readonly trail: readonly ExportedEntry[];
  /** Time of the export, milliseconds since 1970. */
  readonly at: number;
}

/**
 * Makes a Bundle of type `collection`: a Consent for every grant and request, then an AuditEvent for every event. The caller must have verified the input.
 * The same input gives the same Bundle.
 * @param origin scheme, host and port of the service; the names of ids begin with it
 */
export const fhirBundle = (origin: Origin, { grants, requests, trail, at }: Exported): FhirExport => {
  const purposes = purposesIn(trail);
  const resources = [
    ...grants.map((g) => grantConsent(origin, g)),
    ...requests.map((r) => requestConsent(origin, r)),
    ...trail.map((e) => auditEvent(origin, e, purposes)),
  ];
  return {
    resourceType: 'Bundle',
    type: 'collection',
    timestamp: instantText(at),
    // FHIR does not allow empty lists.
    ...(resources.length === 0
      ? {}
      : { entry: resources.map((resource) => ({ fullUrl: `urn:uuid:${resource.id!}`, resource })) }),
  };
};
