// Property tests of the scheme, over keys, messages, thresholds and subsets: the intended key opens a ciphertext, and no other key does.
import { describe, expect, test } from '@jest/globals';
import fc from 'fast-check';
import { toHex } from '../../lib/bytes/codec.ts';
import { decodeCapsule, encodeCapsule } from '../../lib/umbral/capsule.ts';
import { decodeCFrag, encodeCFrag, verifyCFrag } from '../../lib/umbral/cfrag.ts';
import { decapsulateReencrypted, decryptReencrypted } from '../../lib/umbral/delegatee.ts';
import { decapsulateOriginal, decryptOriginal, generateKFrags } from '../../lib/umbral/delegator.ts';
import { decodePublicKey, encodePublicKey, publicKeyOf, SecretKey } from '../../lib/umbral/keys.ts';
import { decodeKFrag, encodeKFrag, reencrypt, verifyKFrag } from '../../lib/umbral/proxy.ts';
import { encapsulate, encrypt } from '../../lib/umbral/sender.ts';
import { verifyMessage } from '../../lib/umbral/ecdsa-verify.ts';
import { signMessage } from '../../lib/umbral/ecdsa-sign.ts';
import { runs } from '../support/property-runs.ts';
import { parties, publicKeys, secretKeys, sources, splits, type Parties } from './arbitrary.ts';

const refusal = (code: string) => expect.objectContaining({ name: 'UmbralError', code });

/** Encrypts, delegates and re-encrypts, with every object encoded and decoded. */
const exchange = (who: Parties, split: { threshold: number; shares: number }, plaintext: Uint8Array) => {
  const { rng } = who;
  const keys = publicKeys(who);
  const { capsule: made, ciphertext } = encrypt(keys.delegating, plaintext, rng);
  const capsule = decodeCapsule(encodeCapsule(made));
  const cfrags = generateKFrags({ ...who, receiving: keys.receiving, ...split })
    .map((k) => verifyKFrag(decodeKFrag(encodeKFrag(k)), { ...keys, requireBothKeys: true }))
    .map((k) => verifyCFrag(decodeCFrag(encodeCFrag(reencrypt(capsule, k, rng))), { capsule, ...keys, rng }));
  return { keys, capsule, ciphertext, cfrags };
};

describe('encryption', () => {
  test('opens with the delegating key, and only with it', () => {
    fc.assert(
      fc.property(parties, fc.uint8Array({ maxLength: 300 }), (who, plaintext) => {
        const { capsule, ciphertext } = encrypt(publicKeyOf(who.delegating), plaintext, who.rng);
        expect(ciphertext).toHaveLength(plaintext.length + 40);
        expect(decryptOriginal(who.delegating, capsule, ciphertext)).toEqual(plaintext);
        fc.pre(toHex(who.delegating.toBytes()) !== toHex(who.receiving.toBytes()));
        expect(() => decryptOriginal(who.receiving, capsule, ciphertext)).toThrow(refusal('decryption-failed'));
      }),
      { numRuns: runs(15) },
    );
  });

  test('never gives the same capsule twice with the platform source', () => {
    fc.assert(
      fc.property(secretKeys, (key) => {
        const [one, two] = [encapsulate(publicKeyOf(key)), encapsulate(publicKeyOf(key))];
        expect(encodeCapsule(one.capsule)).not.toEqual(encodeCapsule(two.capsule));
        expect(one.key).not.toEqual(two.key);
        expect(decapsulateOriginal(key, one.capsule)).toEqual(one.key);
      }),
      { numRuns: runs(5) },
    );
  });
});

describe('re-encryption', () => {
  test('any threshold of the fragments in any order opens, fewer do not', () => {
    const cases = parties.chain((who) =>
      splits.chain((split) =>
        fc.record({
          who: fc.constant(who),
          split: fc.constant(split),
          plaintext: fc.uint8Array({ maxLength: 60 }),
          order: fc.shuffledSubarray([...Array(split.shares).keys()], { minLength: split.shares }),
          extra: fc.integer({ min: 0, max: split.shares - split.threshold }),
        }),
      ),
    );
    fc.assert(
      fc.property(cases, ({ who, split, plaintext, order, extra }) => {
        const { keys, capsule, ciphertext, cfrags } = exchange(who, split, plaintext);
        const chosen = order.slice(0, split.threshold + extra).map((i) => cfrags[i]!);
        expect(decryptReencrypted(who.receiving, keys.delegating, capsule, chosen, ciphertext)).toEqual(plaintext);
        expect(decapsulateReencrypted(who.receiving, keys.delegating, capsule, chosen)).toEqual(
          decapsulateOriginal(who.delegating, capsule),
        );
        expect(() =>
          decapsulateReencrypted(who.receiving, keys.delegating, capsule, chosen.slice(0, split.threshold - 1)),
        ).toThrow(refusal('bad-cfrags'));
        expect(() => decapsulateReencrypted(who.receiving, keys.delegating, capsule, [...chosen, chosen[0]!])).toThrow(
          refusal('bad-cfrags'),
        );
      }),
      { numRuns: runs(12) },
    );
  });

  test('opens with no other key and for no other capsule', () => {
    const distinct = fc.tuple(parties, secretKeys).filter(([{ delegating, receiving, signer }, other]) => {
      const all = [delegating, receiving, signer, other].map((k) => toHex(k.toBytes()));
      return new Set(all).size === all.length;
    });
    fc.assert(
      fc.property(distinct, ([who, other]) => {
        const { keys, capsule, cfrags } = exchange(who, { threshold: 2, shares: 2 }, new Uint8Array(1));
        const { capsule: another } = encapsulate(keys.delegating, who.rng);
        const stranger = publicKeyOf(other);
        for (const attempt of [
          () => decapsulateReencrypted(other, keys.delegating, capsule, cfrags),
          () => decapsulateReencrypted(who.receiving, stranger, capsule, cfrags),
          () => decapsulateReencrypted(who.receiving, keys.delegating, another, cfrags),
        ])
          expect(attempt).toThrow(refusal('bad-cfrags'));
        for (const context of [
          { capsule: another, ...keys },
          { capsule, ...keys, delegating: stranger },
          { capsule, ...keys, receiving: stranger },
          { capsule, ...keys, verifying: stranger },
        ])
          expect(() => verifyCFrag(cfrags[0]!, context)).toThrow(refusal('cfrag-invalid'));
      }),
      { numRuns: runs(4) },
    );
  });

  test('fragments of two delegations do not mix', () => {
    fc.assert(
      fc.property(parties, (who) => {
        const { keys, capsule, cfrags } = exchange(who, { threshold: 1, shares: 1 }, new Uint8Array(0));
        const again = generateKFrags({ ...who, receiving: keys.receiving, threshold: 1, shares: 1 });
        const mixed = [cfrags[0]!, reencrypt(capsule, again[0]!, who.rng)];
        expect(() => decapsulateReencrypted(who.receiving, keys.delegating, capsule, mixed)).toThrow(
          refusal('bad-cfrags'),
        );
      }),
      { numRuns: runs(3) },
    );
  });
});

describe('keys and signatures', () => {
  test('secret and public keys re-encode to the same bytes', () => {
    fc.assert(
      fc.property(secretKeys, (key) => {
        const [secret, pub] = [key.toBytes(), encodePublicKey(publicKeyOf(key))];
        expect(SecretKey.fromBytes(secret).toBytes()).toEqual(secret);
        expect(encodePublicKey(decodePublicKey(pub))).toEqual(pub);
      }),
      { numRuns: runs(20) },
    );
  });

  test('a signature is valid for its key and message only', () => {
    fc.assert(
      fc.property(
        secretKeys,
        secretKeys,
        fc.uint8Array(),
        fc.uint8Array(),
        sources,
        (key, other, message, wrong, rng) => {
          const signature = signMessage(key, message, rng);
          expect(verifyMessage(publicKeyOf(key), message, signature)).toBe(true);
          fc.pre(toHex(wrong) !== toHex(message) && toHex(key.toBytes()) !== toHex(other.toBytes()));
          expect(verifyMessage(publicKeyOf(key), wrong, signature)).toBe(false);
          expect(verifyMessage(publicKeyOf(other), message, signature)).toBe(false);
        },
      ),
      { numRuns: runs(15) },
    );
  });
});
