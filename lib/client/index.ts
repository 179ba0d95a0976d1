// The SDK: what an application works with. The same code runs in Node (from 20.19) and in browsers. docs/client.md shows how.
export { AppError, type ErrorCode, type ProblemDetails } from '../api/errors.ts';
export { ClientError, ServiceError, type Check, type ClientErrorCode } from './errors.ts';
export { createPatient, type ApproveOptions, type Gift, type Patient } from './patient.ts';
export { createRecipient, type Recipient } from './recipient.ts';
export { createMemory, importMemory, type Memory, type MemorySnapshot } from './memory.ts';
export type { ClientOptions } from './context.ts';
export type { TrailEntry } from './audit.ts';
export type { Content, FileOptions, Metadata } from './filing.ts';
export type { Folder } from './folders.ts';
export type { Grant, GrantedCell, GrantFilter, GrantState, GrantWithCells } from './grants.ts';
export type { RegisterOptions } from './identities.ts';
export type { OpenedRecord, OpenOptions } from './opening.ts';
export type { RecordInfo } from './records.ts';
export type { AccessRequest, RequestState, Wish } from './requests.ts';
export type { CallOptions } from './transport.ts';
export type { DownloadProgress } from './download.ts';
export type { UploadProgress } from './upload.ts';
