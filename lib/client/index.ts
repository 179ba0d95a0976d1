// The SDK: what an application works with. The same code runs in Node (from 20.19) and in browsers. docs/client.md shows how.
export { AppError, type ErrorCode, type ProblemDetails } from '../api/errors.ts';
export { ClientError, ServiceError, TrailError, type Check, type ClientErrorCode } from './errors.ts';
export { checkFragmentProof, WrongFragmentError, type FragmentProof, type WrongFragment } from './fragments.ts';
export { createPatient, type Patient } from './patient.ts';
export type { ApproveOptions, Gift, Given } from './giving.ts';
export { createRecipient, type Recipient } from './recipient.ts';
export { createMemory, importMemory, type Memory, type MemorySnapshot } from './memory.ts';
export type { ClientOptions } from './context.ts';
export type { AuditOptions, OwnEvent } from './audit.ts';
export {
  createTrail,
  openingsIn,
  type Opened,
  type Question,
  type Trail,
  type TrailEntry,
  type TrailSnapshot,
} from './trail.ts';
export { curveChoice } from '../umbral/curve.ts';
export { qrPayload, readQrPayload, safetyNumber } from './verification.ts';
export type { Checkpoint, Receipt } from './notary.ts';
export type { Reach } from './reach.ts';
export { RightEnded, type Content, type FiledRecord, type FileOptions, type Metadata } from './filing.ts';
export type { Folder } from './folders.ts';
export type { Grant, GrantedCell, GrantFilter, GrantState, GrantWithCells } from './grants.ts';
export type { RegisterOptions } from './identities.ts';
export type { OpenedRecord, OpenOptions } from './opening.ts';
export type { RecordInfo } from './records.ts';
export { PURPOSE_TEXTS, PURPOSES, type Purpose } from '../statements/fields.ts';
export type { AccessRequest, RequestState, Wish } from './requests.ts';
export type { CallOptions } from './transport.ts';
export type { DownloadProgress } from './download.ts';
export type { UploadProgress } from './upload.ts';
export { fhirBundle, type Exported, type FhirExport } from '../fhir/bundle.ts';
export { purposesIn } from '../domain/audit.ts';
export { auditEvent, type ExportedEntry } from '../fhir/audit-event.ts';
export { grantConsent, requestConsent, type ExportedGrant, type ExportedRequest } from '../fhir/consent.ts';
