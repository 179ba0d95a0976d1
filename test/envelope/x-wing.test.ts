// Tests X-Wing: its bytes are those of noble's X-Wing, which noble tests with the vectors of the draft. Also compares the two libraries for X25519 with each
// other.
import { describe, expect, test } from '@jest/globals';
import { ml_kem768_x25519 as peer } from '@noble/post-quantum/hybrid.js';
import * as nodeCrypto from 'node:crypto';
import { systemRng } from '../../lib/bytes/binary.ts';
import { toHex } from '../../lib/bytes/codec.ts';
import { nativePair, noblePair, x25519KeyPair } from '../../lib/envelope/x25519.ts';
import { decapsulator, encapsulate } from '../../lib/envelope/x-wing.ts';
import { counting } from '../support/counting.ts';
import { codeOf } from './sample-blobs.ts';

const caught = (run: () => unknown): Promise<string> => codeOf(Promise.resolve().then(run));

describe('X-Wing', () => {
  test('makes the keys, ciphertexts and secrets of the peer from the same random bytes', () => {
    for (let i = 0; i < 10; i++) {
      const seed = systemRng(32);
      const own = decapsulator(seed);
      expect(own.publicKey).toEqual(peer.getPublicKey(seed));
      const randomness = systemRng(64);
      let used = 0;
      const rng = (n: number): Uint8Array => randomness.slice(used, (used += n));
      const { ciphertext, secret } = encapsulate(own.publicKey, rng);
      const theirs = peer.encapsulate(own.publicKey, randomness);
      expect([ciphertext, secret]).toEqual([theirs.cipherText, theirs.sharedSecret]);
      expect(own.decapsulate(ciphertext)).toEqual(secret);
    }
  });

  test('opens altered ciphertexts to the same other secret as the peer', () => {
    const seed = systemRng(32);
    const own = decapsulator(seed);
    const { ciphertext, secret } = encapsulate(own.publicKey);
    for (const at of [0, 500, 1087, 1088, 1118]) {
      const altered = ciphertext.slice();
      altered[at]! ^= 1;
      expect(own.decapsulate(altered)).not.toEqual(secret);
      expect(own.decapsulate(altered)).toEqual(peer.decapsulate(altered, seed));
    }
  });

  test('gives the same bytes for the same random bytes', () => {
    const { publicKey } = decapsulator(new Uint8Array(32));
    expect(encapsulate(publicKey, counting())).toEqual(encapsulate(publicKey, counting()));
    expect(encapsulate(publicKey).ciphertext).not.toEqual(encapsulate(publicKey).ciphertext);
  });

  test('refuses other lengths, coefficients out of range and points of small order', async () => {
    const own = decapsulator(systemRng(32));
    const { ciphertext } = encapsulate(own.publicKey);
    expect(() => decapsulator(new Uint8Array(31))).toThrow('seed must be 32 bytes');
    for (const length of [0, 1119, 1121])
      expect(() => own.decapsulate(new Uint8Array(length))).toThrow('ciphertext must be 1120 bytes');
    const zeroPoint = ciphertext.slice().fill(0, 1088);
    expect(() => own.decapsulate(zeroPoint)).toThrow();
    const keys = [
      own.publicKey.slice(1),
      own.publicKey.slice().fill(0xff, 0, 3),
      own.publicKey.slice().fill(0, 1184),
      new Uint8Array(1217),
    ];
    for (const key of keys) expect(await caught(() => encapsulate(key))).toBe('key-invalid');
  });

  test('keeps a copy of the seed', () => {
    const seed = systemRng(32);
    const own = decapsulator(seed);
    const { ciphertext, secret } = encapsulate(own.publicKey);
    seed.fill(0);
    expect(own.decapsulate(ciphertext)).toEqual(secret);
  });
});

/** Points of small order, which give the secret zero (RFC 7748 section 7), with and without the unused bit. */
const SMALL_ORDER = [
  '0000000000000000000000000000000000000000000000000000000000000000',
  '0100000000000000000000000000000000000000000000000000000000000000',
  'e0eb7a7c3b41b8ae1656e3faf19fc46ada098deb9c32b1fd866205165f49b800',
  '5f9c95bca3508c24b1d0b1559c83ef5b04445cc4581c8e86d8224eddd09f1157',
  'ecffffffffffffffffffffffffffffffffffffffffffffffffffffffffffff7f',
  'edffffffffffffffffffffffffffffffffffffffffffffffffffffffffffff7f',
  'eeffffffffffffffffffffffffffffffffffffffffffffffffffffffffffff7f',
].flatMap((text) => {
  const point = Uint8Array.from(Buffer.from(text, 'hex'));
  return [point, point.with(31, point[31]! | 0x80)];
});

describe('X25519', () => {
  test('of the platform is that of noble', () => {
    const native = nativePair()!;
    expect(native).toBeDefined();
    expect(toHex(x25519KeyPair(new Uint8Array(32)).publicKey)).toBe(toHex(native(new Uint8Array(32)).publicKey));
    for (let i = 0; i < 20; i++) {
      const [secret, point] = [systemRng(32), systemRng(32)];
      const [ours, theirs] = [native(secret), noblePair(secret)];
      expect(ours.publicKey).toEqual(theirs.publicKey);
      // Half of the points have the unused bit set. A random point is practically never at or above the prime; SMALL_ORDER has such points.
      expect(ours.sharedSecret(point)).toEqual(theirs.sharedSecret(point));
    }
  });

  test.each(SMALL_ORDER.map((point) => ({ name: toHex(point), point })))(
    'refuses the point $name with both',
    ({ point }) => {
      for (const pairOf of [nativePair()!, noblePair])
        expect(() => pairOf(systemRng(32)).sharedSecret(point)).toThrow();
    },
  );

  const platform = (changes: object) => ({
    process: { getBuiltinModule: () => ({ ...nodeCrypto, ...changes }) },
  });
  /** Behaves like Node 26: refuses a JWK whose public key does not belong to the private key. */
  const strict = (key: { readonly format: string }) => {
    if (key.format === 'jwk') throw new Error('Invalid JWK OKP key');
    return nodeCrypto.createPrivateKey(key as nodeCrypto.PrivateKeyInput);
  };

  test('of a platform that imports private keys only as DER is that of noble', () => {
    const secret = systemRng(32);
    const pair = nativePair(platform({ createPrivateKey: strict }))!(secret);
    const { publicKey: point } = noblePair(systemRng(32));
    expect(pair.publicKey).toEqual(noblePair(secret).publicKey);
    expect(pair.sharedSecret(point)).toEqual(noblePair(secret).sharedSecret(point));
  });

  test('of a platform that has none, that computes otherwise or that accepts points of small order is not used', () => {
    const dh = nodeCrypto.diffieHellman;
    type Keys = Parameters<typeof dh>[0];
    const wrong = (keys: Keys) => dh(keys).map((byte, at) => (at === 0 ? byte ^ 1 : byte));
    const lenient = (keys: Keys) => {
      try {
        return dh(keys);
      } catch {
        return Buffer.alloc(32);
      }
    };
    expect(nativePair(platform({}))).toBeDefined();
    for (const bad of [
      {},
      { process: {} },
      { process: { getBuiltinModule: () => undefined } },
      {
        process: {
          getBuiltinModule: () => {
            throw new Error('not allowed');
          },
        },
      },
      platform({ diffieHellman: wrong }),
      platform({ diffieHellman: lenient }),
      platform({ createPrivateKey: undefined }),
    ])
      expect(nativePair(bad)).toBeUndefined();
  });
});
