// Builds FHIR identifiers, logical references and codings for the ids of this project. docs/spec/fhir-export.md specifies the export.
import type { CodeableConcept, Coding, Element as FhirElement, Identifier, Reference } from 'fhir/r4.js';
import { fromBase64url } from '../bytes/codec.ts';
import type { FolderId, IdentityId } from '../bytes/ids.ts';
import type { Category } from '../statements/fields.ts';

/** Scheme, host and port of the service. The names that begin with it are identifiers: the service answers nothing at these URLs. */
export type Origin = string;

/** The kinds of ids. A kind is the last part of the `system` of an identifier. */
export type Named =
  | 'identity'
  | 'folder'
  | 'category'
  | 'folders'
  | 'record'
  | 'record-version'
  | 'request'
  | 'grant'
  | 'statement'
  | 'audit-event';

export const system = (origin: Origin, named: Named): string => `${origin}/ids/${named}`;

export const identifier = (origin: Origin, named: Named, value: string): Identifier => ({
  system: system(origin, named),
  value,
});

export const logical = (origin: Origin, named: Named, value: string, type?: string): Reference => ({
  ...(type === undefined ? {} : { type }),
  identifier: identifier(origin, named, value),
});

export const patientRef = (origin: Origin, id: IdentityId): Reference => logical(origin, 'identity', id, 'Patient');
export const folderRef = (origin: Origin, id: FolderId): Reference => logical(origin, 'folder', id, 'List');
/** Refers to all folders of a patient in a category, also those made later. */
export const categoryRef = (origin: Origin, patient: IdentityId, category: Category): Reference =>
  logical(origin, 'category', `${patient}/${category}`, 'List');
/** Refers to all folders of a patient, also those made later. */
export const foldersRef = (origin: Origin, patient: IdentityId): Reference =>
  logical(origin, 'folders', patient, 'List');

/** Refers to the service by its origin. */
export const serviceRef = (origin: Origin, type: 'Device' | 'Organization'): Reference => ({
  type,
  identifier: { system: 'urn:ietf:rfc:3986', value: origin },
});

export const coding = (from: string, code: string, display?: string): Coding => ({
  system: from,
  code,
  ...(display === undefined ? {} : { display }),
});

export const concept = (code: Coding): CodeableConcept => ({ coding: [code] });

/** Stands for an element that FHIR requires but whose content is unknown. */
export const notKnown: FhirElement = {
  extension: [{ url: 'http://hl7.org/fhir/StructureDefinition/data-absent-reason', valueCode: 'unknown' }],
};

export const instantText = (ms: number): string => new Date(ms).toISOString();

/**
 * Returns a UUID of version 8 (RFC 9562), derived from the SHA-256 hash of a statement or an event. So a second export of the same content has the same
 * ids.
 */
export const uuidOf = (hash: string): string => {
  const bytes = fromBase64url(hash).slice(0, 16);
  bytes[6] = (bytes[6]! & 0x0f) | 0x80;
  bytes[8] = (bytes[8]! & 0x3f) | 0x80;
  const hex = Array.from(bytes, (b) => b.toString(16).padStart(2, '0')).join('');
  return [hex.slice(0, 8), hex.slice(8, 12), hex.slice(12, 16), hex.slice(16, 20), hex.slice(20)].join('-');
};
