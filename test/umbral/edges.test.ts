// Tests single edge cases that neither the recorded vectors nor the property tests reach.
import { inspect } from 'node:util';
import { describe, expect, test } from '@jest/globals';
import { fromHex, toHex, utf8 } from '../../lib/bytes/codec.ts';
import * as capsuleDoor from '../../lib/umbral/capsule.ts';
import { decodeCFrag, encodeCFrag, verifyCFrag, type CapsuleFrag } from '../../lib/umbral/cfrag.ts';
import { decapsulateReencrypted } from '../../lib/umbral/delegatee.ts';
import { decapsulateOriginal, decryptOriginal, generateKFrags } from '../../lib/umbral/delegator.ts';
import { Capsule } from '../../lib/umbral/objects.ts';
import { hashIndex, hashSecret } from '../../lib/umbral/hashes.ts';
import { decodePublicKey, encodePublicKey, publicKeyOf, randomSecretKey, SecretKey } from '../../lib/umbral/keys.ts';
import { curve } from '../../lib/umbral/curve/chosen-backend.ts';
import * as proxy from '../../lib/umbral/proxy.ts';
import { add, decodeScalar, encodeScalar, mul, neg, ORDER, randomScalar } from '../../lib/umbral/curve/scalar.ts';
import { encapsulate, encrypt } from '../../lib/umbral/sender.ts';
import { verifyMessage } from '../../lib/umbral/ecdsa-verify.ts';
import { signMessage } from '../../lib/umbral/ecdsa-sign.ts';
import { replay } from './vectors.ts';

const refusal = (code: string) => expect.objectContaining({ name: 'UmbralError', code });
const [a, b, w] = [randomSecretKey(), randomSecretKey(), randomSecretKey()];
const keys = { delegating: publicKeyOf(a), receiving: publicKeyOf(b), verifying: publicKeyOf(w) };
const base = { delegating: a, receiving: keys.receiving, signer: w, threshold: 1, shares: 1 };
const filled = (byte: number) => (length: number) => new Uint8Array(length).fill(byte);
const scalarHex = (k: bigint): string => k.toString(16).padStart(64, '0');

describe('secrets do not print', () => {
  const key = SecretKey.fromBytes(filled(7)(32));

  test.each([
    ['string', String(key)],
    ['template', key.toString()],
    ['JSON', JSON.stringify({ key })],
    ['inspector', inspect({ key }, { depth: 9, showHidden: true })],
  ])('a secret key, as %s', (_how, text) => {
    expect(text).toContain('[secret key]');
    expect(text).not.toMatch(/0707|7, 7|7,7/);
  });

  test('a key fragment prints without its share', () => {
    const kfrag = generateKFrags(base)[0]!;
    const share = toHex(proxy.encodeKFrag(kfrag).subarray(73, 105));
    const text = inspect(kfrag, { depth: 9, showHidden: true });
    expect(text).toContain('VerifiedKeyFrag');
    expect(text).not.toContain(BigInt(`0x${share}`).toString());
    expect(text).not.toContain(share);
    expect(JSON.stringify(kfrag.fields.id)).toBeDefined();
  });
});

describe('an object is verified in this process only', () => {
  const { capsule } = encapsulate(keys.delegating);
  const kfrag = generateKFrags(base)[0]!;

  const cfrag = proxy.reencrypt(capsule, kfrag);
  const useKFrag = (k: unknown) => proxy.reencrypt(capsule, k as proxy.VerifiedKeyFrag);
  const useCFrag = (c: unknown) =>
    decapsulateReencrypted(b, keys.delegating, capsule, [c as proxy.VerifiedCapsuleFrag]);

  test('a verified object has the same bytes and another type', () => {
    const decoded = proxy.decodeKFrag(proxy.encodeKFrag(kfrag));
    expect(proxy.encodeKFrag(decoded)).toEqual(proxy.encodeKFrag(kfrag));
    const decodedCFrag = decodeCFrag(encodeCFrag(cfrag));
    expect(encodeCFrag(decodedCFrag)).toEqual(encodeCFrag(cfrag));
    // This is checked at compile time: a verified object is accepted where an unverified one is expected, but never the other way round.
    type Fits<A, B> = A extends B ? true : false;
    const types: [
      Fits<proxy.VerifiedKeyFrag, proxy.KeyFrag>,
      Fits<proxy.KeyFrag, proxy.VerifiedKeyFrag>,
      Fits<CapsuleFrag, proxy.VerifiedCapsuleFrag>,
    ] = [true, false, false];
    expect(types).toEqual([true, false, false]);
  });

  test('an unverified object is also refused at run time', () => {
    expect(() => useKFrag(proxy.decodeKFrag(proxy.encodeKFrag(kfrag)))).toThrow(refusal('kfrag-invalid'));
    expect(() => useCFrag(decodeCFrag(encodeCFrag(cfrag)))).toThrow(refusal('bad-cfrags'));
    expect(useCFrag(cfrag)).toHaveLength(32);
  });

  test('a copy of a verified fragment is not verified', () => {
    expect(() => useKFrag(structuredClone(kfrag))).toThrow(refusal('kfrag-invalid'));
    expect(() => useCFrag(structuredClone(cfrag))).toThrow(refusal('bad-cfrags'));
    expect(() => useCFrag({ fields: cfrag.fields, verified: true })).toThrow(refusal('bad-cfrags'));
  });
});

describe('key fragments', () => {
  const flags = [
    { signDelegating: false, signReceiving: true },
    { signDelegating: true, signReceiving: false },
    { signDelegating: false, signReceiving: false },
  ];

  test.each(flags)('without both keys signed are refused where both are required: %p', (options) => {
    const kfrag = generateKFrags({ ...base, ...options })[0]!;
    expect(proxy.verifyKFrag(kfrag, keys)).toBeDefined();
    expect(() => proxy.verifyKFrag(kfrag, { ...keys, requireBothKeys: true })).toThrow(refusal('kfrag-invalid'));
  });

  test('with a flag not set are not bound to that key', () => {
    const kfrag = generateKFrags({ ...base, signDelegating: false, signReceiving: false })[0]!;
    expect(proxy.verifyKFrag(kfrag, { verifying: keys.verifying })).toBeDefined();
    expect(proxy.verifyKFrag(kfrag, { verifying: keys.verifying, delegating: keys.receiving })).toBeDefined();
  });

  test.each([
    [1.5, 2],
    [NaN, 1],
    [1, Infinity],
    [-1, 1],
    [2, 1],
    [1, 0],
  ])('threshold %d of %d is refused', (threshold, shares) => {
    expect(() => generateKFrags({ ...base, threshold, shares })).toThrow(refusal('bad-threshold'));
  });

  test('with a threshold of 1 contain the same share under different ids', () => {
    const kfrags = generateKFrags({ ...base, shares: 3 });
    const { capsule } = encapsulate(keys.delegating);
    const cfrags = kfrags.map((k) => proxy.reencrypt(capsule, k));
    expect(new Set(kfrags.map((k) => toHex(proxy.encodeKFrag(k).subarray(73, 105)))).size).toBe(1);
    expect(new Set(kfrags.map((k) => toHex(proxy.kfragId(k)))).size).toBe(3);
    // All fragments have the same point E1, so this also tests sums of equal points.
    expect(decapsulateReencrypted(b, keys.delegating, capsule, cfrags)).toEqual(decapsulateOriginal(a, capsule));
  });

  test('the id and the encoding are copies: writing to them does not change the fragment', () => {
    const kfrag = generateKFrags(base)[0]!;
    const before = proxy.encodeKFrag(kfrag);
    proxy.kfragId(kfrag).fill(0);
    proxy.encodeKFrag(kfrag).fill(0);
    expect(proxy.encodeKFrag(kfrag)).toEqual(before);
  });

  test('stored by the service still work after decoding', () => {
    const { capsule } = encapsulate(keys.delegating);
    const stored = proxy.trustStoredKFrag(proxy.encodeKFrag(generateKFrags(base)[0]!));
    const cfrag = decodeCFrag(encodeCFrag(proxy.reencrypt(capsule, stored)));
    expect(verifyCFrag(cfrag, { capsule, ...keys })).toBeDefined();
  });
});

describe('a broken source of randomness', () => {
  test.each([
    ['gives too little', (length: number) => new Uint8Array(length - 1)],
    ['gives only zeros', filled(0)],
    ['gives only ones', filled(255)],
  ])('%s: refused', (_how, rng) => {
    expect(() => encapsulate(keys.delegating, rng)).toThrow(refusal('bad-randomness'));
    expect(() => randomSecretKey(rng)).toThrow(refusal('bad-randomness'));
    expect(() => generateKFrags({ ...base, rng })).toThrow(refusal('bad-randomness'));
  });

  test('that repeats ids is refused', () => {
    expect(() => generateKFrags({ ...base, shares: 2, rng: filled(3) })).toThrow(refusal('bad-randomness'));
  });

  test('whose scalars cancel is refused', () => {
    const rng = replay(scalarHex(5n), scalarHex(ORDER - 5n));
    expect(() => encapsulate(keys.delegating, rng)).toThrow(refusal('bad-randomness'));
  });

  test('that makes a share zero is refused', () => {
    // The first key fragment is made from f(x1) = f0 + f1 x1, which is 0 for f1 = -f0 / x1. Only the delegator can choose such an f1.
    const x = decodeScalar(fromHex(scalarHex(9n)));
    const id = filled(4)(32);
    const [X, T] = curve.muls([['G', x], [keys.receiving.point, x]]).map((p) => curve.encode(p)) as [Uint8Array, Uint8Array]; // prettier-ignore
    const B = encodePublicKey(keys.receiving);
    const f0 = mul(decodeScalar(a.toBytes()), curve.inv(hashSecret(X, B, T)));
    const f1 = neg(mul(f0, curve.inv(hashIndex(X, B, T, id))));
    const rng = replay(
      scalarHex(9n),
      toHex(encodeScalar(f1)),
      ...[1, 2].flatMap((i) => [toHex(filled(i === 1 ? 4 : 5)(32)), scalarHex(1n)]),
    );
    expect(() => generateKFrags({ ...base, threshold: 2, shares: 2, rng })).toThrow(refusal('bad-randomness'));
    expect(rng.left()).toBe(0);
  });

  test('values that are out of range are drawn again', () => {
    expect(randomScalar(replay(scalarHex(0n), scalarHex(ORDER), scalarHex(6n)))).toBe(6n);
  });
});

describe('capsules', () => {
  test('with V = -E are refused although their equation is true', () => {
    const r = decodeScalar(fromHex(scalarHex(11n)));
    const [e, v] = curve.muls([['G', r], ['G', neg(r)]]) as [ReturnType<typeof curve.decode>, ReturnType<typeof curve.decode>]; // prettier-ignore
    const s = add(neg(r), mul(r, capsuleDoor.challengeOf({ e, v })));
    expect(curve.checkLinear([['G', s], [e, neg(capsuleDoor.challengeOf({ e, v }))]], v)).toBe(true); // prettier-ignore
    const bytes = capsuleDoor.encodeCapsule(new Capsule(e, v, s));
    expect(() => capsuleDoor.decodeCapsule(bytes)).toThrow(refusal('bad-capsule'));
  });

  test('with V = E are accepted', () => {
    const { capsule, key } = encapsulate(keys.delegating, replay(scalarHex(11n), scalarHex(11n)));
    expect(decapsulateOriginal(a, capsuleDoor.decodeCapsule(capsuleDoor.encodeCapsule(capsule)))).toEqual(key);
  });
});

describe('ciphertexts', () => {
  test.each([0, 23, 24, 39])('of %i bytes are refused', (length) => {
    const { capsule } = encrypt(keys.delegating, new Uint8Array(0));
    expect(() => decryptOriginal(a, capsule, new Uint8Array(length))).toThrow(refusal('decryption-failed'));
  });

  test('of an empty plaintext open to an empty plaintext', () => {
    const { capsule, ciphertext } = encrypt(keys.delegating, new Uint8Array(0));
    expect(ciphertext).toHaveLength(40);
    expect(decryptOriginal(a, capsule, ciphertext)).toEqual(new Uint8Array(0));
  });

  test('of another capsule are refused', () => {
    const [one, two] = [encrypt(keys.delegating, utf8('1')), encrypt(keys.delegating, utf8('2'))];
    expect(() => decryptOriginal(a, one.capsule, two.ciphertext)).toThrow(refusal('decryption-failed'));
  });
});

describe('the files that the service may import', () => {
  test('read public keys', () => {
    const bytes = encodePublicKey(keys.receiving);
    for (const door of [proxy, capsuleDoor]) expect(door.encodePublicKey(door.decodePublicKey(bytes))).toEqual(bytes);
    expect(() => proxy.decodePublicKey(new Uint8Array(33))).toThrow(refusal('bad-point'));
  });

  test('check signatures', () => {
    const signature = signMessage(b, utf8('mine'));
    expect(proxy.verifyMessage(keys.receiving, utf8('mine'), signature)).toBe(true);
    const high = signature.slice();
    high.set(encodeScalar(neg(decodeScalar(signature.subarray(32)))), 32);
    expect(verifyMessage(keys.receiving, utf8('mine'), high)).toBe(false);
  });

  test('export nothing that signs or decrypts', () => {
    const names = Object.keys({ ...proxy, ...capsuleDoor });
    expect(
      names.filter((n) => /^(sign|decrypt|decapsulate|encapsulate|encrypt|generate|random|make|SecretKey)/.test(n)),
    ).toEqual([]);
  });
});

test('encodings of public keys are copies', () => {
  const key = decodePublicKey(encodePublicKey(keys.receiving));
  encodePublicKey(key).fill(0);
  expect(encodePublicKey(key)).toEqual(encodePublicKey(keys.receiving));
});
