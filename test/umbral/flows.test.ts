// Tests complete exchanges against recorded exchanges: with the recorded randomness, every byte must be the same.
import { describe, expect, test } from '@jest/globals';
import { fromHex, toHex } from '../../lib/bytes/codec.ts';
import { capsuleFields } from '../../lib/umbral/capsule.ts';
import { decodeCFrag, encodeCFrag, verifyCFrag } from '../../lib/umbral/cfrag.ts';
import { curve } from '../../lib/umbral/curve/chosen-backend.ts';
import { decapsulateReencrypted, decryptReencrypted } from '../../lib/umbral/delegatee.ts';
import { decapsulateOriginal, decryptOriginal, generateKFrags } from '../../lib/umbral/delegator.ts';
import { hashIndex, hashSecret } from '../../lib/umbral/hashes.ts';
import { decodePublicKey, encodePublicKey, publicKeyOf, SecretKey } from '../../lib/umbral/keys.ts';
import {
  decodeCapsule,
  decodeKFrag,
  encodeCapsule,
  encodeKFrag,
  kfragId,
  reencrypt,
  trustStoredKFrag,
  verifyKFrag,
} from '../../lib/umbral/proxy.ts';
import { decodeScalar, encodeScalar } from '../../lib/umbral/curve/scalar.ts';
import { encapsulate, encrypt } from '../../lib/umbral/sender.ts';
import { flows, replay } from './vectors.ts';

describe.each(flows())('$id, $threshold of $shares', (flow) => {
  const [a, b, w] = [flow.delegatingSk, flow.receivingSk, flow.signingSk].map((k) =>
    SecretKey.fromBytes(fromHex(k)),
  ) as [SecretKey, SecretKey, SecretKey];
  const [delegating, receiving, verifying] = [flow.delegatingPk, flow.receivingPk, flow.verifyingPk].map((k) =>
    decodePublicKey(fromHex(k)),
  ) as [ReturnType<typeof decodePublicKey>, ReturnType<typeof decodePublicKey>, ReturnType<typeof decodePublicKey>];
  const capsule = decodeCapsule(fromHex(flow.encrypt.capsule));
  const ciphertext = fromHex(flow.encrypt.ciphertext);
  const kfrags = flow.kfrags.items.map(({ kfrag }) =>
    verifyKFrag(decodeKFrag(fromHex(kfrag)), { verifying, delegating, receiving }),
  );
  const cfrags = flow.cfrags.map(({ cfrag }) =>
    verifyCFrag(decodeCFrag(fromHex(cfrag)), { capsule, verifying, delegating, receiving }),
  );

  test('derives the recorded public keys', () => {
    expect([a, b, w].map((k) => toHex(encodePublicKey(publicKeyOf(k))))).toEqual([
      flow.delegatingPk,
      flow.receivingPk,
      flow.verifyingPk,
    ]);
  });

  test('encrypts to the recorded capsule and ciphertext', () => {
    const { r, u, nonce, demKey } = flow.encrypt;
    const rng = replay(r, u, nonce);
    const encrypted = encrypt(delegating, fromHex(flow.plaintext), rng);
    expect(rng.left()).toBe(0);
    expect(toHex(encodeCapsule(encrypted.capsule))).toBe(flow.encrypt.capsule);
    expect(toHex(capsuleFields(encrypted.capsule))).toBe(flow.encrypt.capsuleSimple);
    expect(toHex(encrypted.ciphertext)).toBe(flow.encrypt.ciphertext);
    expect(toHex(encapsulate(delegating, replay(r, u)).key)).toBe(demKey);
    expect(toHex(encodeCapsule(capsule))).toBe(flow.encrypt.capsule);
  });

  test('opens with the delegating key', () => {
    expect(toHex(decapsulateOriginal(a, capsule))).toBe(flow.encrypt.demKey);
    expect(toHex(decryptOriginal(a, capsule, ciphertext))).toBe(flow.plaintext);
  });

  test('computes the recorded secret of delegator and recipient', () => {
    const { dhPoint, d, items, precursorScalar } = flow.kfrags;
    const x = decodeScalar(fromHex(precursorScalar));
    const [X, T] = curve.muls([
      ['G', x],
      [receiving.point, x],
    ]) as [typeof receiving.point, typeof receiving.point];
    const inputs = [curve.encode(X), fromHex(flow.receivingPk), curve.encode(T)] as const;
    expect(toHex(curve.encode(T))).toBe(dhPoint);
    expect(toHex(encodeScalar(hashSecret(...inputs)))).toBe(d);
    expect(items.map(({ id }) => toHex(encodeScalar(hashIndex(...inputs, fromHex(id)))))).toEqual(
      items.map(({ shareIndex }) => shareIndex),
    );
  });

  test('makes the recorded key fragments', () => {
    const { precursorScalar, coefficients, items } = flow.kfrags;
    const rng = replay(
      precursorScalar,
      ...coefficients,
      ...items.flatMap((i) => [i.id, i.signatureExtraEntropyReceiver, i.signatureExtraEntropyProxy]),
    );
    const made = generateKFrags({
      delegating: a,
      receiving,
      signer: w,
      threshold: flow.threshold,
      shares: flow.shares,
      signDelegating: flow.signDelegatingKey,
      signReceiving: flow.signReceivingKey,
      separateSignatures: true,
      rng,
    });
    expect(rng.left()).toBe(0);
    expect(made.map((k) => toHex(encodeKFrag(k)))).toEqual(items.map(({ kfrag }) => kfrag));
    expect(kfrags.map((k) => toHex(encodeKFrag(k)))).toEqual(items.map(({ kfrag }) => kfrag));
    expect(kfrags.map((k) => toHex(kfragId(k)))).toEqual(items.map(({ id }) => id));
  });

  test('re-encrypts to the recorded capsule fragments', () => {
    const expected = flow.cfrags.map(({ cfrag }) => cfrag);
    const made = flow.cfrags.map(({ t }, i) => toHex(encodeCFrag(reencrypt(capsule, kfrags[i]!, replay(t)))));
    expect(made).toEqual(expected);
    const stored = trustStoredKFrag(encodeKFrag(kfrags[0]!));
    expect(toHex(encodeCFrag(reencrypt(capsule, stored, replay(flow.cfrags[0]!.t))))).toBe(expected[0]);
    expect(cfrags.map((c) => toHex(encodeCFrag(c)))).toEqual(expected);
  });

  test('opens with the receiving key', () => {
    const chosen = flow.decryptWith.map((i) => cfrags[i]!);
    expect(toHex(decapsulateReencrypted(b, delegating, capsule, chosen))).toBe(flow.encrypt.demKey);
    expect(toHex(decryptReencrypted(b, delegating, capsule, chosen, ciphertext))).toBe(flow.plaintext);
    expect(toHex(decryptReencrypted(b, delegating, capsule, cfrags.toReversed(), ciphertext))).toBe(flow.plaintext);
    expect(() => decapsulateReencrypted(b, delegating, capsule, cfrags.slice(0, flow.threshold - 1))).toThrow(
      expect.objectContaining({ code: 'bad-cfrags' }),
    );
  });
});

test('the vectors contain recorded exchanges', () => {
  expect(flows().length).toBeGreaterThan(0);
});
