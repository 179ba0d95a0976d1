// Sample entries of a trail, one of each kind of event, for the tests of the conversion to FHIR.
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
import type { ExportedEntry } from '../../lib/client/index.ts';
import { EMPTY_CHAIN, nextEvent, type EventKind, type EventSubject } from '../../lib/domain/audit-chain.ts';
import { clinician, fill, patient } from '../statements/samples.ts';

export const id = <T extends RandomId>(byte: number): T => newId<T>(() => fill(byte, 16));
export const folder = id<FolderId>(0x11);
export const records = [{ record: id<RecordId>(0x22), version: 1 }];
export const asked = id<RequestId>(0x33);
export const grantId = id<GrantId>(0x44);
export const opening = id<OpeningId>(0x55);
export const AT = 1_767_225_600_000;
export const STATEMENT = `${'B'.repeat(42)}A`;

export const entry = (kind: EventKind, subject: EventSubject, by = patient): ExportedEntry => {
  const draft = { kind, patient: patient.id, actor: by.id, subject, at: AT, statement: STATEMENT };
  const { event, hash } = nextEvent(EMPTY_CHAIN, draft);
  return { ...event, hash };
};

/** For each kind of event: subject and actor as the service writes them, and the expected BALP profile and identifier of the main entity. */
export const SAMPLE: Record<
  EventKind,
  readonly [EventSubject, typeof patient, profile: string, main: string, value: string]
> = {
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

export const dataOf = (e: AuditEvent) => e.entity!.find((n) => n.type!.code === '2')!;
export const values = (e: AuditEvent) => e.entity!.map((n) => n.what!.identifier!.value);
export const none = new Map();
