// Tests the index in the error when several objects are wrong, each for another reason: it is the index of the first wrong object.
import { expect, test } from '@jest/globals';
import { challengeOf, decodeCapsules, encodeCapsule } from '../../lib/umbral/capsule.ts';
import { CapsuleFragVerifier } from '../../lib/umbral/cfrag.ts';
import { curve } from '../../lib/umbral/curve/chosen-backend.ts';
import { generateKFrags } from '../../lib/umbral/delegator.ts';
import type { Point } from '../../lib/umbral/curve/backend.ts';
import { Capsule, CapsuleFrag } from '../../lib/umbral/objects.ts';
import { publicKeyOf, randomSecretKey } from '../../lib/umbral/keys.ts';
import { reencrypt } from '../../lib/umbral/proxy.ts';
import { add, ORDER, type Scalar } from '../../lib/umbral/curve/scalar.ts';
import { encapsulate } from '../../lib/umbral/sender.ts';

const [a, b, w] = [randomSecretKey(), randomSecretKey(), randomSecretKey()];
const keys = { delegating: publicKeyOf(a), receiving: publicKeyOf(b), verifying: publicKeyOf(w) };
const [kfrag] = generateKFrags({ delegating: a, receiving: keys.receiving, signer: w, threshold: 1, shares: 1 });
const { capsule } = encapsulate(keys.delegating);
const ONE = 1n as Scalar;
const indexOf = (run: () => unknown): unknown => {
  try {
    return run();
  } catch (error) {
    return (error as { index?: number }).index;
  }
};

test('names a degenerate capsule before one that fails its self check', () => {
  const [e, v] = curve.muls([['G', ONE], ['G', (ORDER - 1n) as Scalar]]) as [Point, Point]; // prettier-ignore
  const h = challengeOf({ e, v });
  const degenerate = new Capsule(e, v, add(h, (ORDER - 1n) as Scalar));
  const unsound = new Capsule(capsule.e, capsule.v, add(capsule.s, ONE));
  expect(indexOf(() => decodeCapsules([degenerate, unsound].map(encodeCapsule)))).toBe(0);
  expect(indexOf(() => decodeCapsules([capsule, unsound, degenerate].map(encodeCapsule)))).toBe(1);
});

test('names a fragment with a wrong proof before one with a wrong signature', () => {
  const { fields } = reencrypt(capsule, kfrag!);
  const unproved = { capsule, cfrag: new CapsuleFrag({ ...fields, z: add(fields.z, ONE) }) };
  const receiverSignature = fields.receiverSignature.slice();
  receiverSignature[5]! ^= 1;
  const unsigned = { capsule, cfrag: new CapsuleFrag({ ...fields, receiverSignature }) };
  const right = { capsule, cfrag: new CapsuleFrag(fields) };
  const verify = (...list: readonly (typeof right)[]) => indexOf(() => new CapsuleFragVerifier(keys).verify(list));
  expect(verify(right, unproved, unsigned)).toBe(1);
  expect(verify(right, unsigned, unproved)).toBe(1);
  expect(verify(unsigned)).toBe(0);
});
