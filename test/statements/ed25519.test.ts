// Tests the strict Ed25519 verifier with two implementations of the equation: the platform's and noble's.
import { describe, expect, test } from '@jest/globals';
import { ed25519 } from '@noble/curves/ed25519.js';
import { sha512 } from '@noble/hashes/sha2.js';
import fc from 'fast-check';
import { webcrypto } from 'node:crypto';
import { concat } from '../../lib/bytes/binary.ts';
import { fromHex, toBase64url, utf8 } from '../../lib/bytes/codec.ts';
import { identityId } from '../../lib/bytes/ids.ts';
import { nativeEquation } from '../../lib/statements/ed25519-native.ts';
import { isIdentityKey, makeVerifier, nobleEquation, verifyEd25519 } from '../../lib/statements/ed25519.ts';
import { verifyStatement } from '../../lib/statements/verify.ts';
import { refusal } from './refusal.ts';
import { fill, patient, SAMPLES } from './samples.ts';

const { Point } = ed25519;
const P = 2n ** 255n - 19n;
const L = Point.Fn.ORDER;
const little = (n: bigint): Uint8Array =>
  Uint8Array.from({ length: 32 }, (_, i) => Number((n >> BigInt(8 * i)) & 255n));
const number = (bytes: Uint8Array): bigint => bytes.reduceRight((n, b) => n * 256n + BigInt(b), 0n);
/** The points of small order: first the canonical encodings of all eight, then other encodings of some (y + p, or x = 0 with the sign set). */
const SMALL = [
  '0100000000000000000000000000000000000000000000000000000000000000',
  'ecffffffffffffffffffffffffffffffffffffffffffffffffffffffffffff7f',
  '0000000000000000000000000000000000000000000000000000000000000000',
  '0000000000000000000000000000000000000000000000000000000000000080',
  '26e8958fc2b227b045c3f489f2ef98f0d5dfac05d3c63339b13802886d53fc05',
  '26e8958fc2b227b045c3f489f2ef98f0d5dfac05d3c63339b13802886d53fc85',
  'c7176a703d4dd84fba3c0b760d10670f2a2053fa2c39ccc64ec7fd7792ac037a',
  'c7176a703d4dd84fba3c0b760d10670f2a2053fa2c39ccc64ec7fd7792ac03fa',
  '0100000000000000000000000000000000000000000000000000000000000080',
  'ecffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffff',
  'eeffffffffffffffffffffffffffffffffffffffffffffffffffffffffffff7f',
  'eeffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffff',
  'edffffffffffffffffffffffffffffffffffffffffffffffffffffffffffff7f',
  'edffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffff',
];
const message = utf8('message');
const signature = patient.sign(message);

// The platform decides which of the two implementations is used. The result must not depend on the choice.
describe.each([
  ['the platform', nativeEquation()!],
  ['noble', nobleEquation],
])('with the equation of %s', (_, equation) => {
  const verify = makeVerifier(equation);

  test.each([
    // RFC 8032 section 7.1, tests 1 to 3
    [
      'd75a980182b10ab7d54bfed3c964073a0ee172f3daa62325af021a68f707511a',
      '',
      'e5564300c360ac729086e2cc806e828a84877f1eb8e5d974d873e065224901555fb8821590a33bacc61e39701cf9b46bd25bf5f0595bbe24655141438e7a100b',
    ],
    [
      '3d4017c3e843895a92b70aa74d1b7ebc9c982ccf2ec4968cc0cd55f12af4660c',
      '72',
      '92a009a9f0d4cab8720e820b5f642540a2b27b5416503f8fb3762223ebdb69da085ac1e43e15996e458f3613d0f11d8c387b2eaeb4302aeeb00d291612bb0c00',
    ],
    [
      'fc51cd8e6218a1a38da47ed00230f0580816ed13ba3303ac5deb911548908025',
      'af82',
      '6291d657deec24024827e69c3abe01a30ce548a284743a445e3680d7db5ac3ac18ff9b538d16f290ae67f760984dc6594a7c15e9716ed28dc027beceea1ec40a',
    ],
  ])('RFC 8032 example with the key %s', (key, text, mark) => {
    expect(verify(fromHex(mark), fromHex(text), fromHex(key))).toBe(true);
    expect(verify(fromHex(mark), concat(fromHex(text), Uint8Array.of(0)), fromHex(key))).toBe(false);
  });

  test('agrees with the platform on good signatures and on every flipped bit', async () => {
    const key = await webcrypto.subtle.importKey('raw', Uint8Array.from(patient.publicKey), 'Ed25519', false, [
      'verify',
    ]);
    await fc.assert(
      fc.asyncProperty(fc.uint8Array({ maxLength: 100 }), fc.nat({ max: 511 }), async (text, bit) => {
        const mark = patient.sign(text);
        expect(verify(mark, text, patient.publicKey)).toBe(true);
        mark[bit >> 3]! ^= 1 << (bit & 7);
        expect(verify(mark, text, patient.publicKey)).toBe(false);
        expect(await webcrypto.subtle.verify('Ed25519', key, Uint8Array.from(mark), Uint8Array.from(text))).toBe(false);
      }),
      { numRuns: 30 },
    );
  });

  describe('signatures', () => {
    test('refuses S + L, which is the same number in another signature', () => {
      const s = number(signature.subarray(32));
      for (const other of [s + L, s + 2n * L, L]) {
        if (other < 2n ** 256n)
          expect(verify(concat(signature.subarray(0, 32), little(other)), message, patient.publicKey)).toBe(false);
      }
      expect(verify(concat(signature.subarray(0, 32), little(s)), message, patient.publicKey)).toBe(true);
    });

    test('refuses 63 and 65 bytes', () => {
      expect(verify(signature.subarray(0, 63), message, patient.publicKey)).toBe(false);
      expect(verify(concat(signature, Uint8Array.of(0)), message, patient.publicKey)).toBe(false);
    });

    test('refuses a signature that is valid only with the cofactor, as other libraries do', () => {
      // R is shifted by a point of order 8: [8]R stays the same, R does not.
      const torsion = Point.fromBytes(fromHex(SMALL[6]!));
      const secret = ed25519.utils.getExtendedPublicKey(fill(1, 32)).scalar;
      const nonce = 12345n;
      const r = Point.BASE.multiply(nonce).add(torsion).toBytes();
      const k = number(sha512(concat(r, patient.publicKey, message))) % L;
      const forged = concat(r, little((nonce + k * secret) % L));
      expect(ed25519.verify(forged, message, patient.publicKey, { zip215: false })).toBe(true);
      expect(verify(forged, message, patient.publicKey)).toBe(false);
    });
  });

  test('refuses keys and R of small order or in other encodings, with S = 0', () => {
    for (const key of [...SMALL.map((text) => fromHex(text)), patient.publicKey])
      for (const r of SMALL.map((text) => fromHex(text)))
        expect(verify(concat(r, fill(0, 32)), message, key)).toBe(false);
  });

  test('refuses keys that are not points', () => {
    expect(verify(signature, message, little(2n))).toBe(false);
    expect(verify(signature, message, fill(1, 31))).toBe(false);
  });
});

test('both equations give the same result for keys with a component of small order', () => {
  const [native, noble] = [makeVerifier(nativeEquation()!), makeVerifier(nobleEquation)];
  const verdicts = new Set<boolean>();
  const eighth = Point.fromBytes(fromHex(SMALL[6]!));
  fc.assert(
    fc.property(fc.bigInt(1n, L - 1n), fc.nat({ max: 7 }), fc.nat({ max: 7 }), fc.uint8Array(), (a, i, j, text) => {
      const key = Point.BASE.multiply(a)
        .add(eighth.multiplyUnsafe(BigInt(i)))
        .toBytes();
      const r = Point.BASE.multiply(54321n)
        .add(eighth.multiplyUnsafe(BigInt(j)))
        .toBytes();
      const k = number(sha512(concat(r, key, text))) % L;
      const mark = concat(r, little((54321n + k * a) % L));
      verdicts.add(noble(mark, text, key));
      expect(native(mark, text, key)).toBe(noble(mark, text, key));
    }),
    { numRuns: 100 },
  );
  expect(verdicts.size).toBe(2);
});

describe('the equation of the platform', () => {
  const crypto = { createPublicKey: () => ({}), verify: () => true };
  test.each([
    ['no process', {}],
    ['a process without getBuiltinModule', { process: {} }],
    ['no crypto', { process: { getBuiltinModule: () => undefined } }],
    ['a platform that accepts every signature', { process: { getBuiltinModule: () => crypto } }],
    [
      'a platform that accepts no signature',
      { process: { getBuiltinModule: () => ({ ...crypto, verify: () => false }) } },
    ],
    ['a platform that throws', { process: { getBuiltinModule: () => ({}) } }],
    [
      'a process whose getBuiltinModule throws',
      {
        process: {
          getBuiltinModule: () => {
            throw new Error('not allowed');
          },
        },
      },
    ],
  ])('is not used with %s', (_, platform) => {
    expect(nativeEquation(platform)).toBeUndefined();
  });

  test('is used if there is one', () => {
    expect(nativeEquation()).toBeDefined();
  });
});

describe('keys', () => {
  test.each(SMALL)('%s is of small order or not canonical', (text) => {
    const key = fromHex(text);
    expect(isIdentityKey(key)).toBe(false);
    // `universal` has the neutral element of the curve as R, and S = 0. If that element were accepted as a key, this signature would be valid for any message.
    const universal = concat(fromHex(SMALL[0]!), fill(0, 32));
    expect(verifyEd25519(universal, message, key)).toBe(false);
  });

  test('refuses y >= p, also if y - p is on the curve', () => {
    for (let y = 0n; y < 19n; y++) expect(isIdentityKey(little(P + y))).toBe(false);
  });

  test('refuses bytes that are not a point, and other lengths', () => {
    expect(isIdentityKey(little(2n))).toBe(false);
    expect(isIdentityKey(fill(1, 31))).toBe(false);
    expect(isIdentityKey(fill(1, 33))).toBe(false);
    expect(isIdentityKey(patient.publicKey)).toBe(true);
  });

  test('no statement with a key of small order as its signer verifies', async () => {
    const id = identityId(fromHex(SMALL[0]!));
    const header = JSON.stringify({ alg: 'EdDSA', kid: id, typ: 'pcehr-denial+jws' });
    const payload = JSON.stringify({ ...SAMPLES.denial.payload, patient: id });
    const universal = toBase64url(concat(fromHex(SMALL[0]!), fill(0, 32)));
    const jws = `${toBase64url(utf8(header))}.${toBase64url(utf8(payload))}.${universal}`;
    expect(await refusal(() => verifyStatement('denial', jws, id))).toBe('bad-signature');
  });
});
