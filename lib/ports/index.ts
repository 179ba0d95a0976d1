// Ports: the interfaces through which use cases reach storage and signatures; each file has one of them. lib/stores implements them with DynamoDB, S3 and
// KMS. Tests implement them in memory.
import type { AuditTrail } from './audit-trail.ts';
import type { Blobs } from './blobs.ts';
import type { Folders } from './folders.ts';
import type { Grants } from './grants.ts';
import type { Identities } from './identities.ts';
import type { KeyFragments } from './key-fragments.ts';
import type { Openings } from './openings.ts';
import type { Records } from './records.ts';
import type { Requests } from './requests.ts';
import type { ServiceSigner } from './service-signer.ts';
import type { StatementChain } from './statement-chain.ts';
import type { Uploads } from './uploads.ts';

export type * from './audit-trail.ts';
export type * from './blobs.ts';
export type * from './call.ts';
export type * from './cells.ts';
export type * from './folders.ts';
export type * from './grants.ts';
export type * from './identities.ts';
export type * from './key-fragments.ts';
export type * from './openings.ts';
export type * from './page.ts';
export type * from './records.ts';
export type * from './requests.ts';
export type * from './service-signer.ts';
export type * from './statement-chain.ts';
export type * from './uploads.ts';
export type * from './written.ts';

export interface Ports {
  readonly identities: Identities;
  readonly folders: Folders;
  readonly records: Records;
  readonly uploads: Uploads;
  readonly requests: Requests;
  readonly grants: Grants;
  readonly keyFragments: KeyFragments;
  readonly openings: Openings;
  readonly audit: AuditTrail;
  readonly chain: StatementChain;
  readonly blobs: Blobs;
  readonly serviceSigner: ServiceSigner;
}
