// Tests the verifier on fake platforms that behave differently from Node's OpenSSL, but accept the same signatures.
import { expect, test } from '@jest/globals';
import * as nodeCrypto from 'node:crypto';
import { ed25519 } from '@noble/curves/ed25519.js';
import { fromBase64url } from '../../lib/bytes/codec.ts';
import { identityId } from '../../lib/bytes/ids.ts';
import { nativeEquation, nativeSigning } from '../../lib/statements/ed25519-native.ts';
import { makeVerifier } from '../../lib/statements/ed25519.ts';
import { fill, patient } from './samples.ts';

/** Behaves like Rust's dalek in Deno: importing a key that is not a point fails. */
const early = {
  createPublicKey: (key: nodeCrypto.JsonWebKeyInput) => {
    ed25519.Point.fromBytes(fromBase64url(key.key.x!));
    return nodeCrypto.createPublicKey(key);
  },
  verify: (...args: Parameters<typeof nodeCrypto.verify>) => nodeCrypto.verify(...args),
};

test('if the platform throws for a key that is not a point, the signature is invalid, as with noble', () => {
  const equation = nativeEquation({ process: { getBuiltinModule: () => early } })!;
  expect(equation).toBeDefined();
  const noPoint = fill(0, 32);
  noPoint[0] = 2;
  expect(identityId(noPoint)).toBeDefined();
  const message = fill(7, 3);
  expect(makeVerifier(equation)(patient.sign(message), message, patient.publicKey)).toBe(true);
  expect(makeVerifier(equation)(patient.sign(message), message, noPoint)).toBe(false);
});

type Sign = (algorithm: null, message: Uint8Array, key: nodeCrypto.KeyObject) => Uint8Array;
const honest: Sign = (algorithm, message, key) => nodeCrypto.sign(algorithm, message, key);
const { createPrivateKey } = nodeCrypto;
const signing = (sign: Sign) => nativeSigning({ process: { getBuiltinModule: () => ({ createPrivateKey, sign }) } });

test("the platform's signatures are those of noble, byte for byte", () => {
  const signWith = nativeSigning()!;
  for (let i = 1; i <= 20; i++) {
    const [seed, message] = [fill(i, 32), fill(i, i * 37)];
    expect(signWith(seed, ed25519.getPublicKey(seed))(message)).toEqual(ed25519.sign(message, seed));
  }
});

test('a platform that signs otherwise than RFC 8032, that throws, or that has no such function is not used', () => {
  const flipped = signing((...args) => honest(...args).map((byte, at) => (at === 63 ? byte ^ 1 : byte)));
  const throwing = signing(() => {
    throw new Error('not supported');
  });
  expect([flipped, throwing, nativeSigning({}), nativeSigning({ process: {} })]).toEqual(Array(4).fill(undefined));
  expect(signing(honest)).toBeDefined();
});
