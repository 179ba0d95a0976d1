// Tests operations on several objects at once: the result is the same as one by one, the error has the index of the wrong object, and caches change no result.
import { afterEach, describe, expect, jest, test } from '@jest/globals';
import fc from 'fast-check';
import { challengeOf, decodeCapsule, decodeCapsules, encodeCapsule } from '../../lib/umbral/capsule.ts';
import { CapsuleFragVerifier, decodeCFrag, encodeCFrag, verifyCFrag } from '../../lib/umbral/cfrag.ts';
import { curve } from '../../lib/umbral/curve/chosen-backend.ts';
import { CapsuleOpener, decapsulateReencrypted } from '../../lib/umbral/delegatee.ts';
import { generateKFrags } from '../../lib/umbral/delegator.ts';
import { Capsule, CapsuleFrag, VerifiedCapsuleFrag } from '../../lib/umbral/objects.ts';
import { publicKeyOf, randomSecretKey } from '../../lib/umbral/keys.ts';
import { encodeKFrag, reencrypt, StoredKFrags } from '../../lib/umbral/proxy.ts';
import { add, ORDER, type Scalar } from '../../lib/umbral/curve/scalar.ts';
import { encapsulate } from '../../lib/umbral/sender.ts';
import { runs } from '../support/property-runs.ts';
import { flipped } from './arbitrary.ts';

const [a, b, w] = [randomSecretKey(), randomSecretKey(), randomSecretKey()];
const keys = { delegating: publicKeyOf(a), receiving: publicKeyOf(b), verifying: publicKeyOf(w) };
const split = (threshold: number, shares: number) =>
  generateKFrags({ delegating: a, receiving: keys.receiving, signer: w, threshold, shares });
const [kfrag] = split(1, 1) as [ReturnType<typeof split>[0]];

/** The number of objects in a batch: more than the kernel can sum in one step. */
const COUNT = 18;
const capsules = Array.from({ length: COUNT }, () => encapsulate(keys.delegating).capsule);
const encoded = capsules.map(encodeCapsule);
const fragments = capsules.map((capsule) => ({
  capsule,
  cfrag: decodeCFrag(encodeCFrag(reencrypt(capsule, kfrag))),
}));
const refusal = (code: string, index: number) => expect.objectContaining({ name: 'UmbralError', code, index });
const refusedWith = (run: () => unknown): unknown => {
  try {
    run();
  } catch (error) {
    return error;
  }
  return undefined;
};
const MINUS_ONE = (ORDER - 1n) as Scalar;
const ONE = 1n as Scalar;

afterEach(() => {
  jest.restoreAllMocks();
});

describe('capsules', () => {
  const moved = ({ e, v, s }: Capsule, by: Scalar) => new Capsule(e, v, add(s, by));

  test('give the same result together as one by one, also for an empty list', () => {
    expect(decodeCapsules(encoded).map(encodeCapsule)).toEqual(encoded);
    expect(decodeCapsules([])).toEqual([]);
  });

  test('the error has the index of the wrong one, and its own code', () => {
    fc.assert(
      fc.property(
        fc.nat({ max: COUNT - 1 }),
        fc.nat({ max: 104 }),
        fc.integer({ min: 1, max: 255 }),
        (index, at, mask) => {
          const wrong = flipped(encoded[index]!, at, mask);
          const alone = refusedWith(() => decodeCapsule(wrong));
          const together = refusedWith(() => decodeCapsules(encoded.map((c, i) => (i === index ? wrong : c))));
          expect(alone).toBeDefined();
          expect(together).toEqual(refusal((alone as { code: string }).code, index));
        },
      ),
      { numRuns: runs(15) },
    );
  });

  test('whose errors cancel each other are refused', () => {
    const list = capsules.slice(0, 3).map((c, i) => moved(c, [0n as Scalar, ONE, MINUS_ONE][i]!));
    expect(refusedWith(() => decodeCapsules(list.map(encodeCapsule)))).toEqual(refusal('bad-capsule', 1));
    // The check of a batch multiplies each equation but the first by a random weight. So errors that cancel each other are also tried in the
    // first two capsules.
    const first = capsules.slice(0, 2).map((c, i) => moved(c, [ONE, MINUS_ONE][i]!));
    expect(refusedWith(() => decodeCapsules(first.map(encodeCapsule)))).toEqual(refusal('bad-capsule', 0));
  });

  test('with V = -E are refused, with their index', () => {
    // With E = [e]G and V = -E, the equation of the capsule is true for s = (h - 1) e.
    const e = 7n as Scalar;
    const [E] = curve.muls([['G', e]]);
    const [V] = curve.muls([['G', (ORDER - e) as Scalar]]);
    const probe = { e: E!, v: V!, s: 0n as Scalar };
    const h = challengeOf(probe);
    const s = ((((h - 1n) * e) % ORDER) + ORDER) % ORDER;
    const degenerate = encodeCapsule(new Capsule(E!, V!, s as Scalar));
    expect(refusedWith(() => decodeCapsules([encoded[0]!, degenerate]))).toEqual(refusal('bad-capsule', 1));
  });
});

describe('capsule fragments', () => {
  const verifier = () => new CapsuleFragVerifier(keys);

  test('give the same result together as one by one, also for an empty list', () => {
    const verified = verifier().verify(fragments);
    expect(verified.map(encodeCFrag)).toEqual(fragments.map(({ cfrag }) => encodeCFrag(cfrag)));
    expect(verified.every((v) => v instanceof VerifiedCapsuleFrag)).toBe(true);
    expect(verifier().verify([])).toEqual([]);
  });

  test('of several shares and of one capsule are verified together', () => {
    const all = split(2, 3).flatMap((k) =>
      capsules.slice(0, 2).map((capsule) => ({ capsule, cfrag: reencrypt(capsule, k) })),
    );
    expect(verifier().verify([...all, ...all])).toHaveLength(12);
  });

  test('the error has the index of the wrong one, for every kind of error', () => {
    fc.assert(
      fc.property(
        fc.nat({ max: COUNT - 1 }),
        fc.nat({ max: 380 }),
        fc.integer({ min: 1, max: 255 }),
        (index, at, mask) => {
          const { capsule, cfrag } = fragments[index]!;
          let wrong: CapsuleFrag;
          try {
            wrong = decodeCFrag(flipped(encodeCFrag(cfrag), at, mask));
          } catch {
            fc.pre(false);
            return;
          }
          expect(() => verifyCFrag(wrong, { capsule, ...keys })).toThrow('the capsule fragment is invalid');
          const list = fragments.map((f, i) => (i === index ? { capsule, cfrag: wrong } : f));
          expect(refusedWith(() => verifier().verify(list))).toEqual(refusal('cfrag-invalid', index));
        },
      ),
      { numRuns: runs(12) },
    );
  });

  test('of another capsule are refused, with their index', () => {
    const list = fragments.map((f, i) => (i === 3 ? { ...f, capsule: capsules[4]! } : f));
    expect(refusedWith(() => verifier().verify(list))).toEqual(refusal('cfrag-invalid', 3));
  });

  test('whose errors cancel each other are refused', () => {
    const [capsule] = capsules as [(typeof capsules)[0]];
    const moved = (by: Scalar) => {
      const { fields } = reencrypt(capsule, kfrag);
      return { capsule, cfrag: new CapsuleFrag({ ...fields, z: add(fields.z, by) }) };
    };
    expect(refusedWith(() => verifier().verify([moved(ONE), moved(MINUS_ONE)]))).toEqual(refusal('cfrag-invalid', 0));
    expect(refusedWith(() => verifier().verify([fragments[1]!, moved(ONE), moved(MINUS_ONE)]))).toEqual(
      refusal('cfrag-invalid', 1),
    );
  });

  test('a signature is checked once, and remembered only for the message that it signs', () => {
    const verify = jest.spyOn(curve as { verify: typeof curve.verify }, 'verify');
    const one = verifier();
    one.verify(fragments);
    one.verify(fragments.slice(1));
    expect(verify).toHaveBeenCalledTimes(1);

    const { capsule, cfrag } = fragments[0]!;
    const [other] = split(1, 1);
    const with_ = (change: object) => [{ capsule, cfrag: new CapsuleFrag({ ...cfrag.fields, ...change }) }];
    const { id, precursor, commitment, receiverSignature } = reencrypt(capsule, other!).fields;
    for (const change of [{ id }, { precursor }, { commitment }, { receiverSignature }])
      expect(refusedWith(() => one.verify(with_(change)))).toEqual(refusal('cfrag-invalid', 0));
    expect(verify).toHaveBeenCalledTimes(5);
  });

  test('a wrong signature is not remembered', () => {
    const one = new CapsuleFragVerifier({ ...keys, verifying: keys.receiving });
    for (let i = 0; i < 2; i++)
      expect(refusedWith(() => one.verify(fragments.slice(0, 1)))).toEqual(refusal('cfrag-invalid', 0));
  });
});

describe('the opener of a delegation', () => {
  const shares = split(2, 3);
  const cfragsOf = (capsule: (typeof capsules)[0], which: readonly number[]) =>
    which.map((i) => reencrypt(capsule, shares[i]!));

  test('opens the same as separate calls, for any set of shares in any order', () => {
    const opener = new CapsuleOpener(b, keys.delegating);
    for (const which of [
      [0, 1],
      [1, 0],
      [0, 2],
      [0, 1, 2],
      [0, 1],
    ])
      for (const capsule of capsules.slice(0, 2)) {
        const cfrags = cfragsOf(capsule, which);
        const key = opener.decapsulate(capsule, cfrags);
        expect(key).toEqual(decapsulateReencrypted(b, keys.delegating, capsule, cfrags));
      }
  });

  test('computes the weights once for each set of shares', () => {
    const opener = new CapsuleOpener(b, keys.delegating);
    const cfrags = capsules.slice(0, 3).map((c) => cfragsOf(c, [0, 1]));
    const muls = jest.spyOn(curve as { muls: typeof curve.muls }, 'muls');
    cfrags.forEach((list, i) => opener.decapsulate(capsules[i]!, list));
    expect(muls).toHaveBeenCalledTimes(1);
  });

  test('refuses the same fragments before and after it opened others', () => {
    const opener = new CapsuleOpener(b, keys.delegating);
    const [capsule] = capsules as [(typeof capsules)[0]];
    opener.decapsulate(capsule, cfragsOf(capsule, [0, 1]));
    const once = cfragsOf(capsule, [0]);
    const [foreign] = split(2, 2);
    for (const list of [[], once, [...once, ...once], [...once, reencrypt(capsule, foreign!)]])
      expect(() => opener.decapsulate(capsule, list)).toThrow('the capsule fragments do not fit');
    expect(() => opener.decapsulate(capsules[1]!, cfragsOf(capsule, [0, 1]))).toThrow('do not fit');
  });

  test('treats fragments with the same id and another precursor as different', () => {
    const opener = new CapsuleOpener(b, keys.delegating);
    const [capsule] = capsules as [(typeof capsules)[0]];
    const right = reencrypt(capsule, kfrag);
    opener.decapsulate(capsule, [right]);
    const { precursor } = reencrypt(capsule, shares[0]!).fields;
    const wrong = new VerifiedCapsuleFrag({ ...right.fields, precursor });
    expect(() => opener.decapsulate(capsule, [wrong])).toThrow('do not fit');
  });

  test('forgets old sets of shares, so that its memory is limited', () => {
    const opener = new CapsuleOpener(b, keys.delegating);
    const [capsule] = capsules as [(typeof capsules)[0]];
    const muls = jest.spyOn(curve as { muls: typeof curve.muls }, 'muls');
    const many = Array.from({ length: 65 }, () => reencrypt(capsule, split(1, 1)[0]!));
    muls.mockClear();
    for (const cfrag of [...many, many[64]!, many[0]!]) opener.decapsulate(capsule, [cfrag]);
    expect(muls).toHaveBeenCalledTimes(66);
  });
});

describe('stored key fragments', () => {
  const [first, second, third] = [1, 2, 3].map(() => encodeKFrag(split(1, 1)[0]!)) as [
    Uint8Array,
    Uint8Array,
    Uint8Array,
  ];

  test('are decoded once for the same bytes, and again for other bytes', () => {
    const stored = new StoredKFrags();
    const decoded = stored.trust(first);
    expect(encodeKFrag(decoded)).toEqual(first);
    expect(stored.trust(first.slice())).toBe(decoded);
    expect(encodeKFrag(stored.trust(second))).toEqual(second);
    expect(() => stored.trust(flipped(first, 1, 1))).toThrow('canonical form');
    expect(encodeKFrag(stored.trust(flipped(first, 60, 1)))).not.toEqual(first);
  });

  test('the least recently used one is forgotten', () => {
    const stored = new StoredKFrags(2);
    const [one, two] = [stored.trust(first), stored.trust(second)];
    stored.trust(first);
    stored.trust(third);
    expect(stored.trust(first)).toBe(one);
    expect(stored.trust(second)).not.toBe(two);
  });
});
