// Checks the verification equation of Ed25519 with the platform's own library, if that is synchronous (as in Node). This is about ten times as fast as
// JavaScript.
import { fromBase64url, toBase64url } from '../bytes/codec.ts';

/** Checks that encode([S]B - [k]A) is R byte for byte. The caller must already have checked the range of S and the form of A. */
export type Equation = (signature: Uint8Array, message: Uint8Array, publicKey: Uint8Array) => boolean;

/** The functions of Node's crypto that are used. */
interface Crypto {
  readonly createPublicKey: (key: {
    readonly format: 'jwk';
    readonly key: { readonly kty: 'OKP'; readonly crv: 'Ed25519'; readonly x: string };
  }) => object;
  readonly verify: (algorithm: null, message: Uint8Array, key: object, signature: Uint8Array) => boolean;
}
export interface Platform {
  readonly process?: { readonly getBuiltinModule?: (id: string) => unknown };
}

/** Two signatures of the empty message. The R of the second one is shifted by a point of order 8: it is valid only by the equation with the cofactor. */
const KEY = 'iojj3XQJ8ZX9UtstPLpdcspnCb8dlBIb83SIAbQPb1w';
const RIGHT = 'd4zaBjTAIfrosan6ZVuhMjD2_PxcXVGa-why7Jvx1kJBzD7titRycNhtMOdirRdnfG-xeX41vKfrowOIJX4CDw';
const COFACTORED = 'QKTPXGEdc3ovHG_MqE2cq_7YCYfxhqWmxX5im_8a8n_OaqD3UG0gK1etbH7kAqmK3NpM6ad6IjM_fmWGUEjrDQ';

const passesSelfTest = (equation: Equation): boolean => {
  const holds = (signature: string): boolean =>
    equation(fromBase64url(signature), new Uint8Array(), fromBase64url(KEY));
  return holds(RIGHT) && !holds(COFACTORED);
};

/**
 * Returns undefined if the platform has no such library, or one that accepts other signatures than RFC 8032 without the cofactor.
 *
 * @param platform tests pass another one
 */
export const nativeEquation = (platform: Platform = globalThis): Equation | undefined => {
  try {
    // This is not an import, because browsers run this code too, and bundlers follow imports.
    const crypto = platform.process?.getBuiltinModule?.('crypto') as Crypto | undefined;
    if (crypto === undefined) return undefined;
    const equation: Equation = (signature, message, publicKey) => {
      const jwk = { kty: 'OKP', crv: 'Ed25519', x: toBase64url(publicKey) } as const;
      try {
        return crypto.verify(null, message, crypto.createPublicKey({ format: 'jwk', key: jwk }), signature);
      } catch {
        return false; // Some platforms throw an error for a key that is not a point of the curve.
      }
    };
    return passesSelfTest(equation) ? equation : undefined;
  } catch {
    return undefined;
  }
};
