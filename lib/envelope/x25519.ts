// X25519 (RFC 7748) for X-Wing: uses the platform's own library if that is synchronous (as in Node), because it is 25 times as fast as JavaScript.
import { x25519 } from '@noble/curves/ed25519.js';
import { concat, equalBytes } from '../bytes/binary.ts';
import { fromBase64url, fromHex, toBase64url } from '../bytes/codec.ts';
import { nodeCrypto, type NodeGlobals } from '../bytes/node-crypto.ts';

export interface X25519KeyPair {
  /** 32 bytes. */
  readonly publicKey: Uint8Array;
  /** Returns the secret shared with the owner of a point, 32 bytes. @param point 32 bytes @throws {Error} for a point of small order */
  readonly sharedSecret: (point: Uint8Array) => Uint8Array;
}

/** @param secret 32 bytes; kept, not copied */
export type MakeKeyPair = (secret: Uint8Array) => X25519KeyPair;

export const noblePair: MakeKeyPair = (secret) => ({
  publicKey: x25519.getPublicKey(secret),
  sharedSecret: (point) => x25519.getSharedSecret(secret, point),
});

interface PublicJwk {
  readonly kty: 'OKP';
  readonly crv: 'X25519';
  readonly x: string;
}

/** The functions of Node's crypto that are used. */
interface Crypto {
  readonly createPrivateKey: (
    key:
      | { readonly key: Uint8Array; readonly format: 'der'; readonly type: 'pkcs8' }
      | { readonly key: PublicJwk & { readonly d: string }; readonly format: 'jwk' },
  ) => object;
  readonly createPublicKey: (key: { readonly key: PublicJwk; readonly format: 'jwk' } | object) => {
    readonly export: (as: { readonly format: 'jwk' }) => { readonly x?: string };
  };
  readonly diffieHellman: (keys: { readonly privateKey: object; readonly publicKey: object }) => Uint8Array;
}

/** Imports a private key of 32 bytes. */
type ImportSecret = (crypto: Crypto, secret: Uint8Array) => object;

const publicJwk = (x: string): PublicJwk => ({ kty: 'OKP', crv: 'X25519', x });

/** The bytes that DER has before the 32 bytes of a private key (RFC 8410). */
const PKCS8 = fromHex('302e020100300506032b656e04220420');
const fromDer: ImportSecret = ({ createPrivateKey }, secret) =>
  createPrivateKey({ key: concat(PKCS8, secret), format: 'der', type: 'pkcs8' });

const NO_PUBLIC_KEY = toBase64url(new Uint8Array(32));
/**
 * Imports a private key as a JWK, with zeros for its public key, which is not known yet. Node 20 ignores that public key, and imports a JWK ten times as fast
 * as DER. Later versions of Node refuse the JWK, but there DER is fast.
 */
const fromJwk: ImportSecret = ({ createPrivateKey }, secret) =>
  createPrivateKey({ key: { ...publicJwk(NO_PUBLIC_KEY), d: toBase64url(secret) }, format: 'jwk' });

/** The example of RFC 7748 section 6.1: Alice's private and public key, Bob's public key, and their shared secret. */
const SECRET = fromHex('77076d0a7318a57d3c16c17251b26645df4c2f87ebc0992ab177fba51db92c2a');
const PUBLIC = fromHex('8520f0098930a754748b7ddcb43ef75a0dbf3a0d26381af4eba4a98eaa9b4e6a');
const OTHER = fromHex('de9edb7d7b7dc1b4d35b61c2ece435373f8343c85b78674dadfc7e146f882b4f');
const SHARED = fromHex('4a5d9d5ba4ce2de1728e3bf480350f25e07e21c947d19e3376f09b3c1e161742');

const refuses = ({ sharedSecret }: X25519KeyPair, point: Uint8Array): boolean => {
  try {
    sharedSecret(point);
    return false;
  } catch {
    return true;
  }
};

const passesSelfTest = (pairOf: MakeKeyPair): boolean => {
  try {
    const pair = pairOf(SECRET);
    return (
      equalBytes(pair.publicKey, PUBLIC) &&
      equalBytes(pair.sharedSecret(OTHER), SHARED) &&
      refuses(pair, new Uint8Array(32))
    );
  } catch {
    return false;
  }
};

const pairWith =
  (crypto: Crypto, importSecret: ImportSecret): MakeKeyPair =>
  (secret) => {
    const privateKey = importSecret(crypto, secret);
    return {
      publicKey: fromBase64url(crypto.createPublicKey(privateKey).export({ format: 'jwk' }).x!),
      sharedSecret: (point) => {
        const publicKey = crypto.createPublicKey({ key: publicJwk(toBase64url(point)), format: 'jwk' });
        return new Uint8Array(crypto.diffieHellman({ privateKey, publicKey }));
      },
    };
  };

/**
 * Returns a function that makes key pairs with the platform's own library. It returns undefined if there is no such library, if its results differ from RFC
 * 7748, or if it accepts points of small order.
 *
 * @param platform where the library is; tests pass a platform without it, or with a wrong one
 */
export const nativePair = (platform: NodeGlobals = globalThis): MakeKeyPair | undefined => {
  try {
    const crypto = nodeCrypto<Crypto>(platform);
    if (crypto === undefined) return undefined;
    return [fromJwk, fromDer].map((importSecret) => pairWith(crypto, importSecret)).find(passesSelfTest);
  } catch {
    return undefined;
  }
};

export const x25519KeyPair: MakeKeyPair = nativePair() ?? noblePair;
