// Call: the facts of a request that every use case gets besides its input: caller, time, nonce, and the entry if there is one.
import type { IdentityId } from '../bytes/ids.ts';
import type { Instant } from '../domain/time.ts';
import type { Jws, Statement } from '../statements/kinds.ts';

/** The nonce of a signed request. A route that changes something claims the nonce in the transaction that makes the change. */
export interface Nonce {
  /** 16 random bytes as base64url, 22 characters. */
  readonly value: string;
  /** The time at which the signature expires, ms since 1970. */
  readonly expires: number;
}

/** A verified entry of the caller's chain, with the statements that it names. */
export interface NewEntry {
  readonly statement: Statement<'entry'>;
  readonly statements: readonly Jws[];
  readonly voided: readonly Jws[];
}

export interface Call {
  /** The identity that signed the request. The signature was verified. Nobody has checked yet whether the identity is registered. */
  readonly caller: IdentityId;
  /** The service's time, which is read once for each request. */
  readonly now: Instant;
  readonly nonce: Nonce;
  /** The entry that this call adds to the caller's chain. Absent if the call adds none. */
  readonly entry?: NewEntry;
}
