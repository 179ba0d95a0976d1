// Call: what every use case gets of the request besides its input: caller, time and nonce.
import type { IdentityId } from '../bytes/ids.ts';
import type { Instant } from '../domain/time.ts';

/** The nonce of a signed request, claimed together with the effect of a mutation. */
export interface Nonce {
  /** 16 random bytes as base64url, 22 characters. */
  readonly value: string;
  /** When the signature expires, ms since 1970. */
  readonly expires: number;
}

export interface Call {
  /** The identity that signed. The signature was verified; whether the identity is registered was not checked. */
  readonly caller: IdentityId;
  /** The server's clock, read once per request. */
  readonly now: Instant;
  readonly nonce: Nonce;
}
