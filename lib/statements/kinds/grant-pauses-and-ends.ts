// Statements that pause, resume or end a grant. docs/spec/statements/grant-pauses-and-ends.md specifies them.
import * as z from 'zod/mini';
import type { GrantId } from '../../bytes/ids.ts';
import { identity, instant, ordinal, randomId, sha256 } from '../fields.ts';

/** Holds a grant, or lets it go on. The numbers of both rise by one, so that none can be played again. */
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

/** A recipient ends what it was given: it needs it no more, or the receiving key that it was given for is lost or replaced. */
export const returnPayload = z.strictObject({
  recipient: identity,
  patient: identity,
  grant: randomId<GrantId>(),
  of: sha256,
  code: z.enum(['not-needed', 'key-lost', 'key-replaced', 'other']),
  when: instant,
});
