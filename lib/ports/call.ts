// What every use case is told of the request, besides its input.
import type { IdentityId } from '../bytes/ids.ts';
import type { Instant } from '../domain/time.ts';

/** The nonce of a signed request, claimed together with the effect of a mutation. */
export interface Nonce {
  /** 16 random bytes as base64. */
  readonly value: string;
  /** When the signature ends, ms. */
  readonly expires: number;
}

export interface Call {
  /** Who signed. The signature was checked; whether this identity is registered was not. */
  readonly caller: IdentityId;
  /** The server's clock, read once per request. */
  readonly now: Instant;
  readonly nonce: Nonce;
}
