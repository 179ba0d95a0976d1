// Converts grants and requests to FHIR R4 Consent. It follows the profile Intermediate Consent of IHE Privacy Consent on FHIR as far as the profile can
// express them.
import type { Consent, ConsentProvision, Extension, Reference } from 'fhir/r4.js';
import type { Answer } from '../api/routes.ts';
import type { FolderId, IdentityId } from '../bytes/ids.ts';
import { isDisclosure, RIGHT_FACTS } from '../domain/grant.ts';
import { PURPOSE_TEXTS, type Purpose, type Right } from '../statements/fields.ts';
import type { Scope, Standing, Statement } from '../statements/kinds.ts';
import {
  categoryRef,
  coding,
  concept,
  folderRef,
  foldersRef,
  identifier,
  instantText,
  logical,
  patientRef,
  serviceRef,
  uuidOf,
  type Origin,
} from './names.ts';

export const PCF_INTERMEDIATE = 'https://profiles.ihe.net/ITI/PCF/StructureDefinition/IHE.PCF.consentIntermediate';
const TERMS = 'http://terminology.hl7.org/CodeSystem';

/** A verified grant. */
export interface ExportedGrant {
  readonly statement: Statement<'grant'>;
  /** Every folder that the grant gives access to, also by extensions. */
  readonly folders: readonly FolderId[];
  readonly state: Answer<'list-grants'>['grants'][number]['state'];
}

/** A verified request. */
export interface ExportedRequest {
  readonly statement: Statement<'request'>;
  readonly state: Answer<'list-requests'>['requests'][number]['state'];
}

type Status = Consent['status'];

/**
 * The status for each state of a grant. `active` means that a reader may act on the consent. So a paused grant is `inactive`: it gives no access until it
 * is resumed.
 */
const GRANT_STATUS: Record<ExportedGrant['state'], Status> = {
  active: 'active',
  'not-begun': 'active',
  paused: 'inactive',
  expired: 'inactive',
  exhausted: 'inactive',
  revoked: 'inactive',
};

/** The status for each state of a request. An approved request is `inactive`, because the consents of its grants replace it. */
const REQUEST_STATUS: Record<ExportedRequest['state'], Status> = {
  pending: 'proposed',
  approved: 'inactive',
  denied: 'rejected',
  withdrawn: 'inactive',
  expired: 'inactive',
};

const OPERATIONS: Record<Right, string> = { read: 'READ', add: 'CREATE', write: 'UPDATE' };

export const purposeCoding = (purpose: Purpose) => coding(`${TERMS}/v3-ActReason`, purpose, PURPOSE_TEXTS[purpose]);

const scopeReferences = (origin: Origin, patient: IdentityId, scope: Scope | Standing): readonly Reference[] => {
  if ('everything' in scope) return [foldersRef(origin, patient)];
  if ('categories' in scope) return scope.categories.map((c) => categoryRef(origin, patient, c));
  if ('folders' in scope) return scope.folders.map((f) => folderRef(origin, f));
  return [logical(origin, 'record', scope.record, 'DocumentReference')];
};

/**
 * Makes a modifier extension for a maximum of openings. A reader that does not know a modifier extension must not act on the consent: without the limit, the
 * consent would permit more than the patient did.
 */
const limit = (origin: Origin, openings: number): Extension => ({
  url: `${origin}/ids/maximum-openings`,
  valuePositiveInt: openings,
});

interface ConsentParts {
  readonly statement: Statement<'grant' | 'request'>;
  readonly identifiers: Consent['identifier'];
  readonly status: Status;
  readonly at: number;
  readonly rights: readonly Right[];
  readonly data: readonly Reference[];
  readonly provision: ConsentProvision;
}

/**
 * Makes a Consent. The profile covers only disclosure, and has no actions. So a consent to add or to write states its actions and does not claim the
 * profile.
 */
const consent = (origin: Origin, { statement, rights, data, ...parts }: ConsentParts): Consent => {
  const { patient, recipient, purpose } = statement.payload;
  const disclosure = rights.every((r) => isDisclosure(RIGHT_FACTS[r]));
  return {
    resourceType: 'Consent',
    id: uuidOf(statement.hash),
    ...(disclosure ? { meta: { profile: [PCF_INTERMEDIATE] } } : {}),
    identifier: parts.identifiers,
    status: parts.status,
    scope: concept(coding(`${TERMS}/consentscope`, 'patient-privacy')),
    category: [concept(coding('http://loinc.org', '59284-0'))],
    patient: patientRef(origin, patient),
    dateTime: instantText(parts.at),
    performer: [patientRef(origin, patient)],
    organization: [serviceRef(origin, 'Organization')],
    sourceReference: logical(origin, 'statement', statement.hash, 'DocumentReference'),
    policy: [{ uri: `${origin}/ids/policy` }],
    provision: {
      ...parts.provision,
      actor: [
        {
          role: concept(coding(`${TERMS}/v3-ParticipationType`, 'IRCP')),
          reference: logical(origin, 'identity', recipient),
        },
      ],
      ...(disclosure ? {} : { action: rights.map((r) => concept(coding(`${TERMS}/v3-DataOperation`, OPERATIONS[r]))) }),
      purpose: [purposeCoding(purpose)],
      data: data.map((reference) => ({ meaning: 'instance', reference })),
    },
  };
};

/** Converts a verified grant to Consent. @param origin scheme, host and port of the service. The FHIR `system` of each id of this project begins with it. */
export const grantConsent = (origin: Origin, { statement, folders, state }: ExportedGrant): Consent => {
  const g = statement.payload;
  return consent(origin, {
    statement,
    identifiers: [
      identifier(origin, 'grant', g.grant),
      ...(g.request === undefined
        ? []
        : [{ use: 'secondary' as const, ...identifier(origin, 'request', g.request.id) }]),
    ],
    status: GRANT_STATUS[state],
    at: g.issued,
    rights: [g.right],
    data: [
      ...folders.map((f) => folderRef(origin, f)),
      ...(g.standing === undefined ? [] : scopeReferences(origin, g.patient, g.standing)),
    ],
    provision: {
      ...(g.openings === undefined ? {} : { modifierExtension: [limit(origin, g.openings)] }),
      type: 'permit',
      // A period in FHIR includes its end, but at `expires` the grant has already ended.
      period: { start: instantText(g.notBefore), end: instantText(g.expires - 1) },
    },
  });
};

/** Converts a verified request to Consent: `proposed` while it is pending, `rejected` if it was denied. @param origin as in {@link grantConsent} */
export const requestConsent = (origin: Origin, { statement, state }: ExportedRequest): Consent => {
  const r = statement.payload;
  return consent(origin, {
    statement,
    identifiers: [identifier(origin, 'request', r.request)],
    status: REQUEST_STATUS[state],
    at: r.created,
    rights: r.rights,
    data: scopeReferences(origin, r.patient, r.scope),
    provision: { type: state === 'denied' ? 'deny' : 'permit' },
  });
};
