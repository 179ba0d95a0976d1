// Ed25519 by the platform's own library, if that is synchronous (as in Node): signs, and checks the verification equation. Both are about ten times as fast as
// in JavaScript.
import { fromBase64url, toBase64url } from '../bytes/codec.ts';
import { nodeCrypto, type NodeGlobals } from '../bytes/node-crypto.ts';

/** Checks that encode([S]B - [k]A) is R byte for byte. The caller must already have checked the range of S and the form of A. */
export type Equation = (signature: Uint8Array, message: Uint8Array, publicKey: Uint8Array) => boolean;

/** Makes the function that signs with a key. @param seed 32 bytes @param publicKey that of the seed, 32 bytes */
export type SignWith = (seed: Uint8Array, publicKey: Uint8Array) => (message: Uint8Array) => Uint8Array;

interface PrivateJwk {
  readonly kty: 'OKP';
  readonly crv: 'Ed25519';
  readonly x: string;
  readonly d: string;
}

/** The functions of Node's crypto that are used. */
interface Crypto {
  readonly createPrivateKey: (key: { readonly format: 'jwk'; readonly key: PrivateJwk }) => object;
  readonly sign: (algorithm: null, message: Uint8Array, key: object) => Uint8Array;
  readonly createPublicKey: (key: {
    readonly format: 'jwk';
    readonly key: { readonly kty: 'OKP'; readonly crv: 'Ed25519'; readonly x: string };
  }) => object;
  readonly verify: (algorithm: null, message: Uint8Array, key: object, signature: Uint8Array) => boolean;
}

/**
 * Two signatures of the empty message. The R of the second one is shifted by a point of order 8: this signature is valid only by the equation with the
 * cofactor.
 */
const KEY = 'iojj3XQJ8ZX9UtstPLpdcspnCb8dlBIb83SIAbQPb1w';
const RIGHT = 'd4zaBjTAIfrosan6ZVuhMjD2_PxcXVGa-why7Jvx1kJBzD7titRycNhtMOdirRdnfG-xeX41vKfrowOIJX4CDw';
const COFACTORED = 'QKTPXGEdc3ovHG_MqE2cq_7YCYfxhqWmxX5im_8a8n_OaqD3UG0gK1etbH7kAqmK3NpM6ad6IjM_fmWGUEjrDQ';

const passesSelfTest = (equation: Equation): boolean => {
  const holds = (signature: string): boolean =>
    equation(fromBase64url(signature), new Uint8Array(), fromBase64url(KEY));
  return holds(RIGHT) && !holds(COFACTORED);
};

/** The seed and the public key of the first test of RFC 8032 section 7.1, whose message is empty. */
const SEED = 'nWGxne_9WmC6hEr0kuwsxERJxWl7MmkZcDusAxyuf2A';
const SEED_KEY = '11qYAYKxCrfVS_7TyWQHOg7hcvPapiMlrwIaaPcHURo';
const SIGNED = '5VZDAMNgrHKQhuLMgG6CioSHfx645dl02HPgZSJJAVVfuIIVkKM7rMYeOXAc-bRr0lv18FlbviRlUUFDjnoQCw';

/**
 * Returns a function that makes the signer of a seed, or undefined if the platform cannot sign or signs otherwise than RFC 8032.
 *
 * @param platform tests pass another one
 */
export const nativeSigning = (platform: NodeGlobals = globalThis): SignWith | undefined => {
  try {
    const crypto = nodeCrypto<Crypto>(platform);
    if (crypto === undefined) return undefined;
    const signWith: SignWith = (seed, publicKey) => {
      const jwk = { kty: 'OKP', crv: 'Ed25519', x: toBase64url(publicKey), d: toBase64url(seed) } as const;
      const key = crypto.createPrivateKey({ format: 'jwk', key: jwk });
      return (message) => new Uint8Array(crypto.sign(null, message, key));
    };
    const signed = signWith(fromBase64url(SEED), fromBase64url(SEED_KEY))(new Uint8Array());
    return toBase64url(signed) === SIGNED ? signWith : undefined;
  } catch {
    return undefined;
  }
};

/**
 * Returns the verification equation of the platform's own library. Undefined if the platform has no such library, or if the library fails the
 * self-test: it refuses a right signature, or accepts one that is valid only with the cofactor.
 *
 * @param platform tests pass another one
 */
export const nativeEquation = (platform: NodeGlobals = globalThis): Equation | undefined => {
  try {
    const crypto = nodeCrypto<Crypto>(platform);
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
