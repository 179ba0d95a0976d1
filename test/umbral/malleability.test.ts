// Tests that encodings are not malleable: every changed byte is refused, every accepted encoding gives the same bytes again, and all errors are UmbralErrors.
import { describe, expect, test } from '@jest/globals';
import fc from 'fast-check';
import { concat } from '../../lib/bytes/binary.ts';
import { decodeCapsule, encodeCapsule } from '../../lib/umbral/capsule.ts';
import { decodeCFrag, encodeCFrag, verifyCFrag } from '../../lib/umbral/cfrag.ts';
import { generateKFrags } from '../../lib/umbral/delegator.ts';
import { UmbralError } from '../../lib/umbral/errors.ts';
import { decodePublicKey, encodePublicKey, publicKeyOf, randomSecretKey, SecretKey } from '../../lib/umbral/keys.ts';
import { decodeKFrag, encodeKFrag, reencrypt, trustStoredKFrag, verifyKFrag } from '../../lib/umbral/proxy.ts';
import { encapsulate } from '../../lib/umbral/sender.ts';
import { verifyMessage } from '../../lib/umbral/ecdsa-verify.ts';
import { signMessage } from '../../lib/umbral/ecdsa-sign.ts';
import { runs } from '../support/property-runs.ts';
import { bytesOf, flipped } from './arbitrary.ts';

const [a, b, w] = [randomSecretKey(), randomSecretKey(), randomSecretKey()];
const keys = { delegating: publicKeyOf(a), receiving: publicKeyOf(b), verifying: publicKeyOf(w) };
const { capsule } = encapsulate(keys.delegating);
const delegation = { delegating: a, receiving: keys.receiving, signer: w, threshold: 2, shares: 2 };
const kfrag = generateKFrags(delegation)[0]!;
const kfragTwoSignatures = generateKFrags({ ...delegation, separateSignatures: true })[0]!;
const signature = signMessage(b, Uint8Array.of(1));

interface EncodedObject {
  readonly what: string;
  readonly bytes: Uint8Array;
  /** Decodes the bytes, and encodes the object again. */
  readonly recode: (bytes: Uint8Array) => Uint8Array;
  /** Decodes the bytes, and checks the object. */
  readonly accept: (bytes: Uint8Array) => unknown;
}
const recodeKFrag = (bytes: Uint8Array) => encodeKFrag(decodeKFrag(bytes));
const acceptKFrag = (bytes: Uint8Array) => verifyKFrag(decodeKFrag(bytes), keys);
const objects: readonly EncodedObject[] = [
  {
    what: 'capsule',
    bytes: encodeCapsule(capsule),
    recode: (bytes) => encodeCapsule(decodeCapsule(bytes)),
    accept: decodeCapsule,
  },
  { what: 'key fragment, one signature', bytes: encodeKFrag(kfrag), recode: recodeKFrag, accept: acceptKFrag },
  {
    what: 'key fragment, two signatures',
    bytes: encodeKFrag(kfragTwoSignatures),
    recode: recodeKFrag,
    accept: acceptKFrag,
  },
  {
    what: 'capsule fragment',
    bytes: encodeCFrag(reencrypt(capsule, kfrag)),
    recode: (bytes) => encodeCFrag(decodeCFrag(bytes)),
    accept: (bytes) => verifyCFrag(decodeCFrag(bytes), { capsule, ...keys }),
  },
];

/** Runs a function, and returns whether it succeeded. An error that is no UmbralError fails the test. */
const succeeds = (run: () => unknown): boolean => {
  try {
    run();
    return true;
  } catch (error) {
    if (!(error instanceof UmbralError)) throw error;
    return false;
  }
};

describe.each(objects)('$what', ({ bytes, recode, accept }) => {
  test('is accepted unchanged', () => {
    expect(succeeds(() => accept(bytes))).toBe(true);
    expect(recode(bytes)).toEqual(bytes);
  });

  test('with any one byte changed is refused', () => {
    fc.assert(
      fc.property(
        fc.array(fc.integer({ min: 1, max: 255 }), { minLength: bytes.length, maxLength: bytes.length }),
        (masks) => {
          const accepted = masks.flatMap((mask, at) => (succeeds(() => accept(flipped(bytes, at, mask))) ? [at] : []));
          expect(accepted).toEqual([]);
        },
      ),
      { numRuns: runs(1) },
    );
  });

  test('with a bit changed either is refused or re-encodes to the same bytes', () => {
    fc.assert(
      fc.property(fc.nat(bytes.length - 1), fc.nat(7), (at, bit) => {
        const changed = flipped(bytes, at, 1 << bit);
        let recoded: Uint8Array | undefined;
        succeeds(() => (recoded = recode(changed)));
        expect(recoded ?? changed).toEqual(changed);
      }),
      { numRuns: runs(100) },
    );
  });

  test('cut short or with bytes after it is refused', () => {
    fc.assert(
      fc.property(fc.nat(bytes.length - 1), fc.uint8Array({ minLength: 1, maxLength: 40 }), (length, tail) => {
        expect(succeeds(() => recode(bytes.subarray(0, length)))).toBe(false);
        expect(succeeds(() => recode(concat(bytes, tail)))).toBe(false);
      }),
      { numRuns: runs(30) },
    );
  });
});

describe('arbitrary bytes', () => {
  const decoders: Readonly<Record<string, (bytes: Uint8Array) => Uint8Array>> = {
    capsule: (bytes) => encodeCapsule(decodeCapsule(bytes)),
    kfrag: recodeKFrag,
    storedKFrag: (bytes) => encodeKFrag(trustStoredKFrag(bytes)),
    cfrag: (bytes) => encodeCFrag(decodeCFrag(bytes)),
    publicKey: (bytes) => encodePublicKey(decodePublicKey(bytes)),
    secretKey: (bytes) => SecretKey.fromBytes(bytes).toBytes(),
  };
  const lengths = [0, 32, 33, 65, 105, 310, 381];
  const valid = objects.map(({ bytes }) => bytes);
  const random = fc.oneof(fc.uint8Array({ maxLength: 400 }), ...lengths.map(bytesOf));
  /** Valid objects in which some bytes are overwritten. Their length is right, so further checks are reached. */
  const spliced = fc
    .record({ from: fc.constantFrom(...valid), at: fc.nat(380), patch: fc.uint8Array({ minLength: 1, maxLength: 70 }) })
    .map(({ from, at, patch }) => {
      const copy = from.slice();
      copy.set(patch.subarray(0, Math.max(0, from.length - at)), Math.min(at, from.length));
      return copy;
    });

  test.each(Object.entries(decoders))('%s: are refused, or decode and encode to the same bytes', (_name, recode) => {
    fc.assert(
      fc.property(fc.oneof(random, spliced), (bytes) => {
        let recoded: Uint8Array | undefined;
        succeeds(() => (recoded = recode(bytes)));
        expect(recoded ?? bytes).toEqual(bytes);
      }),
      { numRuns: runs(150) },
    );
  });

  test('are not a valid signature', () => {
    expect(verifyMessage(keys.receiving, Uint8Array.of(1), signature)).toBe(true);
    fc.assert(
      fc.property(
        fc.oneof(
          random,
          bytesOf(64),
          fc.nat(63).map((at) => flipped(signature, at, 1)),
        ),
        (bytes) => {
          expect(verifyMessage(keys.receiving, Uint8Array.of(1), bytes)).toBe(false);
        },
      ),
      { numRuns: runs(60) },
    );
  });
});
