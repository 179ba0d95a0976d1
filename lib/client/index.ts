// The SDK's public interface. Applications import this file (or node.ts, which adds files) and nothing deeper. The SDK runs in Node (from 20.19) and in
// browsers. docs/client.md is the guide.
export { createIdentity, identityFromKeyFile, identityFromWords, type Identity } from './identities/create-identity.ts';
export { encodeKeyFile, sealKeyFile, type PassphraseOptions } from '../identity/key-file.ts';
export type { DeviceKeys } from '../identity/key-derivation.ts';
export { IdentityError, type IdentityErrorCode } from '../identity/errors.ts';
export { EnvelopeError, type EnvelopeErrorCode } from '../envelope/errors.ts';
export { BytesError, PcehrError } from '../bytes/errors.ts';
export { StatementError, type StatementErrorCode } from '../statements/errors.ts';
export {
  newId,
  parseId,
  parseIdentityId,
  parseScannedIdentityId,
  type FolderId,
  type GrantId,
  type IdentityId,
  type OpeningId,
  type RecordId,
  type RequestId,
  type UploadId,
} from '../bytes/ids.ts';
export { RIGHT_FACTS, type RightFacts } from '../domain/grant.ts';
export { CATEGORIES, RIGHTS, type Category, type Right } from '../statements/fields.ts';
export type { Jws, Statement, StatementHash } from '../statements/kinds.ts';
export { statementHash, verifyStatement } from '../statements/verify.ts';
export { verifyServiceStatement } from '../statements/service-statements.ts';
export { AppError, type ErrorCode, type ProblemDetails } from '../api/errors.ts';
export {
  ClockError,
  MOST_CORRECTION,
  type ClockReading,
  type ConfirmClock,
  type SignedTime,
} from './session/clock-correction.ts';
export { ClientError, ServiceError, TrailError, type Check, type ClientErrorCode } from './session/errors.ts';
export { checkFragmentProof, type WrongFragment } from './records/check-wrong-fragment-proof.ts';
export { WrongFragmentError, type FragmentProof } from './records/verify-fragments.ts';
export { createPatient, type Patient } from './patient.ts';
export { CellsOpenError, type OpenFolder } from './access/close-cells-of-ended-grants.ts';
export type { ApproveOptions, GrantInput, Grants } from './access/grant-access.ts';
export { createRecipient, type Recipient } from './recipient.ts';
export { createMemory, importMemory, type Memory, type MemorySnapshot } from './session/memory.ts';
export type { ClientOptions } from './session/context.ts';
export type { OwnEvent } from '../domain/audit-chain.ts';
export type { AuditOptions } from './audit/read-trail.ts';
export {
  createTrail,
  openingsIn,
  type RecordOpening,
  type OpeningFilter,
  type Trail,
  type TrailEntry,
  type TrailSnapshot,
} from './session/verified-trail.ts';
export { curveChoice } from '../umbral/curve/chosen-backend.ts';
export { qrPayload, readQrPayload, safetyNumber } from './identities/safety-number.ts';
export type { Checkpoint, Receipt } from './session/service-statements.ts';
export type { ScopeInput } from './access/scope.ts';
export { RightEnded, type Content, type FiledRecord, type FileOptions, type Metadata } from './records/file-record.ts';
export type { Folder } from './records/folders.ts';
export type { Grant, GrantedCell, GrantState, GrantWithCells } from './access/verify-grant.ts';
export type { GrantFilter } from './access/fetch-grants.ts';
export type { RegisterOptions } from './identities/identities.ts';
export type { OpenOptions } from './records/open-records.ts';
export {
  RefusedRecordsError,
  type OpenedRecord,
  type OpeningError,
  type RefusedRecord,
} from './records/opened-record.ts';
export type { RecordInfo } from './records/verify-record.ts';
export { displayLines, displayText } from './texts/display-text.ts';
export type { ShownLabel, ShownMetadata, ShownTexts } from './texts/record-texts.ts';
export { safeName, uniqueNames } from './texts/safe-name.ts';
export { PURPOSE_TEXTS, PURPOSES, type Purpose } from '../statements/fields.ts';
export type { AccessRequest, RequestState, RequestInput } from './access/requests.ts';
export type { CallOptions } from './session/transport.ts';
export type { DownloadProgress } from './records/download.ts';
export type { UploadProgress } from './records/upload.ts';
export { fhirBundle, type Exported, type FhirExport } from '../fhir/bundle.ts';
export { purposesIn } from '../domain/audit-chain.ts';
export { auditEvent, type ExportedEntry } from '../fhir/audit-event.ts';
export { grantConsent, requestConsent, type ExportedGrant, type ExportedRequest } from '../fhir/consent.ts';
