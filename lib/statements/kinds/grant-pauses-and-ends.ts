// Statements that pause, resume or end a grant. docs/spec/statements/grant-pauses-and-ends.md specifies them.
import * as z from 'zod/mini';
import type { GrantId } from '../../bytes/ids.ts';
import { identity, instant, ordinal, randomId, sha256 } from '../fields.ts';

/** A pause or a resumption. The number is one more with each pause or resumption of the grant, so that nobody can replay an old one. */
const hold = z.strictObject({
  patient: identity,
  grant: randomId<GrantId>(),
  of: sha256,
  number: ordinal,
  when: instant,
});
export const pausePayload = hold;
export const resumptionPayload = hold;

export const revocationPayload = z.strictObject({
  patient: identity,
  grant: randomId<GrantId>(),
  of: sha256,
  code: z.enum(['no-longer-needed', 'mistake', 'distrust', 'other']),
  when: instant,
});

/** A recipient ends a grant that it got, because it no longer needs the grant, or because the receiving key of the grant is lost or replaced. */
export const returnPayload = z.strictObject({
  recipient: identity,
  patient: identity,
  grant: randomId<GrantId>(),
  of: sha256,
  code: z.enum(['not-needed', 'key-lost', 'key-replaced', 'other']),
  when: instant,
});
