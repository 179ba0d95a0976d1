// Tests exchanges with @nucypher/umbral-pre in one run, with each object in both directions. This peer has the license GPL-3. It is only used in tests and
// never shipped.
import umbralPre from '@nucypher/umbral-pre';
import { describe, expect, test } from '@jest/globals';
import fc from 'fast-check';
import { fromUtf8, toHex, utf8 } from '../../lib/bytes/codec.ts';
import { decodeCapsule, encodeCapsule } from '../../lib/umbral/capsule.ts';
import { decodeCFrag, encodeCFrag, verifyCFrag } from '../../lib/umbral/cfrag.ts';
import { decryptReencrypted } from '../../lib/umbral/delegatee.ts';
import { decryptOriginal, generateKFrags } from '../../lib/umbral/delegator.ts';
import { makeFactory, makeKey, makeSecret } from '../../lib/umbral/key-factory.ts';
import { encodePublicKey, publicKeyOf, randomSecretKey, SecretKey } from '../../lib/umbral/keys.ts';
import { decodeKFrag, encodeKFrag, reencrypt, verifyKFrag } from '../../lib/umbral/proxy.ts';
import { encrypt } from '../../lib/umbral/sender.ts';
import { verifyMessage } from '../../lib/umbral/ecdsa-verify.ts';
import { signMessage } from '../../lib/umbral/ecdsa-sign.ts';
import { runs } from '../support/property-runs.ts';

const PLAINTEXT = 'from the one to the other';

/** Makes one key pair, as objects of ours and as objects of the peer. */
const both = () => {
  const ours = randomSecretKey();
  const theirs = umbralPre.SecretKey.fromBEBytes(ours.toBytes());
  const pub = publicKeyOf(ours);
  return { ours, theirs, pub, theirPub: umbralPre.PublicKey.fromCompressedBytes(encodePublicKey(pub)) };
};

const theirCapsule = (bytes: Uint8Array) => umbralPre.Capsule.fromBytes(bytes);

describe('keys and signatures', () => {
  test('both derive the same public keys from secret keys of ours and of the peer', () => {
    const { theirs, pub } = both();
    expect(toHex(theirs.publicKey().toCompressedBytes())).toBe(toHex(encodePublicKey(pub)));
    const made = umbralPre.SecretKey.random();
    const key = SecretKey.fromBytes(made.toBEBytes());
    expect(toHex(encodePublicKey(publicKeyOf(key)))).toBe(toHex(made.publicKey().toCompressedBytes()));
  });

  test('each accepts the signatures of the other', () => {
    const { ours, theirs, pub, theirPub } = both();
    const message = utf8(PLAINTEXT);
    expect(verifyMessage(pub, message, new umbralPre.Signer(theirs).sign(message).toBEBytes())).toBe(true);
    const signature = umbralPre.Signature.fromBEBytes(signMessage(ours, message));
    expect(signature.verify(theirPub, message)).toBe(true);
    expect(signature.verify(theirPub, utf8('another'))).toBe(false);
  });

  test('both key factories derive the same keys', () => {
    fc.assert(
      fc.property(fc.uint8Array({ minLength: 32, maxLength: 32 }), fc.uint8Array({ maxLength: 80 }), (seed, label) => {
        const theirs = umbralPre.SecretKeyFactory.fromSecureRandomness(seed);
        expect(toHex(makeKey(seed, label).toBytes())).toBe(toHex(theirs.makeKey(label).toBEBytes()));
        expect(toHex(makeSecret(seed, label))).toBe(toHex(theirs.makeSecret(label)));
        expect(toHex(makeKey(makeFactory(seed, label), label).toBytes())).toBe(
          toHex(theirs.makeFactory(label).makeKey(label).toBEBytes()),
        );
      }),
      { numRuns: runs(20) },
    );
  });
});

describe.each([
  { threshold: 1, shares: 1 },
  { threshold: 2, shares: 3 },
  { threshold: 3, shares: 5 },
])('$threshold of $shares', ({ threshold, shares }) => {
  const [a, b, w] = [both(), both(), both()];
  const keys = { verifying: w.pub, delegating: a.pub, receiving: b.pub };
  const [capsule, ciphertext] = umbralPre.encrypt(a.theirPub, utf8(PLAINTEXT));
  const ownEncryption = encrypt(a.pub, utf8(PLAINTEXT));

  const ourKFrags = (signDelegating: boolean, signReceiving: boolean, separateSignatures = false) =>
    generateKFrags({
      delegating: a.ours,
      receiving: b.pub,
      signer: w.ours,
      threshold,
      shares,
      signDelegating,
      signReceiving,
      separateSignatures,
    });
  const theirKFrags = (signDelegating: boolean, signReceiving: boolean) =>
    umbralPre.generateKFrags(
      a.theirs,
      b.theirPub,
      new umbralPre.Signer(w.theirs),
      threshold,
      shares,
      signDelegating,
      signReceiving,
    );

  test('we open the ciphertext of the peer', () => {
    expect(fromUtf8(decryptOriginal(a.ours, decodeCapsule(capsule.toBytes()), ciphertext))).toBe(PLAINTEXT);
  });

  test('the peer opens our ciphertext', () => {
    const opened = umbralPre.decryptOriginal(
      a.theirs,
      theirCapsule(encodeCapsule(ownEncryption.capsule)),
      ownEncryption.ciphertext,
    );
    expect(fromUtf8(opened)).toBe(PLAINTEXT);
  });

  test.each([
    [true, true],
    [true, false],
    [false, true],
    [false, false],
  ])('their capsule and key fragments (flags %p, %p), everything else here', (delegating, receiving) => {
    const decoded = decodeCapsule(capsule.toBytes());
    const cfrags = theirKFrags(delegating, receiving)
      .slice(shares - threshold)
      .map((k) => verifyKFrag(decodeKFrag(k.toBytes()), keys))
      .map((k) => encodeCFrag(reencrypt(decoded, k)))
      .map((c) => verifyCFrag(decodeCFrag(c), { capsule: decoded, ...keys }));
    expect(fromUtf8(decryptReencrypted(b.ours, a.pub, decoded, cfrags, ciphertext))).toBe(PLAINTEXT);
  });

  test.each([
    [true, true, false],
    [true, true, true],
    [true, false, false],
    [false, true, false],
    [false, false, false],
  ])('our capsule and key fragments (flags %p, %p; separate %p), everything else there', (...options) => {
    const bytes = encodeCapsule(ownEncryption.capsule);
    const cfrags = ourKFrags(...options)
      .slice(shares - threshold)
      .map((k) => umbralPre.KeyFrag.fromBytes(encodeKFrag(k)).verify(w.theirPub, a.theirPub, b.theirPub))
      .map((k) => umbralPre.reencrypt(theirCapsule(bytes), k).toBytes())
      .map((c) => umbralPre.CapsuleFrag.fromBytes(c).verify(theirCapsule(bytes), w.theirPub, a.theirPub, b.theirPub));
    const opened = umbralPre.decryptReencrypted(
      b.theirs,
      a.theirPub,
      theirCapsule(bytes),
      cfrags,
      ownEncryption.ciphertext,
    );
    expect(fromUtf8(opened)).toBe(PLAINTEXT);
  });

  test('the peer verifies and opens our capsule fragments', () => {
    const decoded = decodeCapsule(capsule.toBytes());
    const cfrags = theirKFrags(true, true)
      .slice(0, threshold)
      .map((k) => encodeCFrag(reencrypt(decoded, verifyKFrag(decodeKFrag(k.toBytes()), keys))))
      .map((c) => umbralPre.CapsuleFrag.fromBytes(c).verify(capsule, w.theirPub, a.theirPub, b.theirPub));
    expect(fromUtf8(umbralPre.decryptReencrypted(b.theirs, a.theirPub, capsule, cfrags, ciphertext))).toBe(PLAINTEXT);
  });

  test('we verify and open the capsule fragments of the peer', () => {
    const cfrags = ourKFrags(true, true)
      .slice(0, threshold)
      .map((k) => umbralPre.KeyFrag.fromBytes(encodeKFrag(k)).verify(w.theirPub, a.theirPub, b.theirPub))
      .map((k) => umbralPre.reencrypt(theirCapsule(encodeCapsule(ownEncryption.capsule)), k).toBytes())
      .map((c) => verifyCFrag(decodeCFrag(c), { capsule: ownEncryption.capsule, ...keys }));
    const { capsule: own, ciphertext: sealed } = ownEncryption;
    expect(fromUtf8(decryptReencrypted(b.ours, a.pub, own, cfrags, sealed))).toBe(PLAINTEXT);
  });

  test('fragments of our proxy and of the peer together open the capsule', () => {
    const decoded = decodeCapsule(capsule.toBytes());
    const cfrags = theirKFrags(true, true)
      .map((k, i) =>
        i % 2 === 0
          ? encodeCFrag(reencrypt(decoded, verifyKFrag(decodeKFrag(k.toBytes()), keys)))
          : umbralPre.reencrypt(capsule, k).toBytes(),
      )
      .map((c) => verifyCFrag(decodeCFrag(c), { capsule: decoded, ...keys }));
    expect(fromUtf8(decryptReencrypted(b.ours, a.pub, decoded, cfrags, ciphertext))).toBe(PLAINTEXT);
  });
});
