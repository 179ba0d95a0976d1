// Every kind of signed statement: its payload, one file for each topic in kinds/, and its signer. docs/spec/statements.md specifies them.
import type * as z from 'zod/mini';
import { entryPayload } from './kinds/entry.ts';
import { extensionPayload, grantPayload } from './kinds/grant.ts';
import { pausePayload, resumptionPayload, returnPayload, revocationPayload } from './kinds/grant-pauses-and-ends.ts';
import { identityPayload } from './kinds/identity.ts';
import { openingPayload } from './kinds/opening.ts';
import { deletionPayload, folderPayload, recordPayload } from './kinds/records.ts';
import { denialPayload, requestPayload, withdrawalPayload } from './kinds/request.ts';

export type { GrantCell, Standing } from './kinds/grant.ts';
export type { Scope } from './kinds/request.ts';

/** Gives for each kind the schema of its payload, and which member names the signer. The JWS `typ` is `pcehr-<kind>+jws`. */
export const KINDS = {
  identity: { payload: identityPayload, signer: 'id' },
  folder: { payload: folderPayload, signer: 'patient' },
  record: { payload: recordPayload, signer: 'author' },
  request: { payload: requestPayload, signer: 'recipient' },
  grant: { payload: grantPayload, signer: 'patient' },
  extension: { payload: extensionPayload, signer: 'patient' },
  opening: { payload: openingPayload, signer: 'opener' },
  denial: { payload: denialPayload, signer: 'patient' },
  withdrawal: { payload: withdrawalPayload, signer: 'recipient' },
  pause: { payload: pausePayload, signer: 'patient' },
  resumption: { payload: resumptionPayload, signer: 'patient' },
  revocation: { payload: revocationPayload, signer: 'patient' },
  return: { payload: returnPayload, signer: 'recipient' },
  deletion: { payload: deletionPayload, signer: 'patient' },
  entry: { payload: entryPayload, signer: 'id' },
} as const;

export type Kind = keyof typeof KINDS;
export type Payload<K extends Kind> = z.infer<(typeof KINDS)[K]['payload']>;

/** A compact JWS. It is sent and stored unchanged, byte for byte. */
export type Jws = string;
/** base64url SHA-256 of a statement's `header.payload`. */
export type StatementHash = string;

/** A statement whose signature was checked against the signer that the caller expected. Only verifyStatement and signStatement make one. */
export interface Statement<K extends Kind = Kind> {
  readonly kind: K;
  readonly jws: Jws;
  readonly hash: StatementHash;
  readonly payload: Payload<K>;
}
