// Everything that use cases need from the outside. Types only.
import type { AuditTrail, Grants, Notary, Openings, Requests } from './access-ports.ts';
import type { Blobs, Folders, Identities, Records, Uploads } from './record-ports.ts';

export type * from './access-ports.ts';
export type * from './record-ports.ts';

export interface Ports {
  readonly identities: Identities;
  readonly folders: Folders;
  readonly records: Records;
  readonly uploads: Uploads;
  readonly requests: Requests;
  readonly grants: Grants;
  readonly openings: Openings;
  readonly audit: AuditTrail;
  readonly blobs: Blobs;
  readonly notary: Notary;
}
