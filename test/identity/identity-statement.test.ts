// Tests the payload of identity statements, and the proof of possession in it.
import { describe, expect, test } from '@jest/globals';
import { createHash } from 'node:crypto';
import { fromBase64url, toBase64url } from '../../lib/bytes/codec.ts';
import { deviceKeys, identityPublicKey } from '../../lib/identity/key-derivation.ts';
import { identityPayload, nextKeyHash } from '../../lib/identity/identity-statement.ts';
import { generationSeed } from '../../lib/identity/recovery-words.ts';
import { possessionMessage } from '../../lib/statements/receiving-key-proof-message.ts';
import { signStatement } from '../../lib/statements/sign.ts';
import { encodePublicKey, publicKeyOf } from '../../lib/umbral/keys.ts';
import { decodePublicKey, verifyMessage } from '../../lib/umbral/proxy.ts';
import { fill } from '../statements/samples.ts';

const root = fill(1, 32);
const keys = deviceKeys(generationSeed(root, 1));
const nextIdentityKey = identityPublicKey(generationSeed(root, 2));
const facts = { keys, nextIdentityKey, number: 1, receivingNumber: 3, now: 1_767_225_600_000 };

/** Checks the proof of possession as the service does, with only the modules that the service may import. */
const proved = (payload: ReturnType<typeof identityPayload>, id = payload.id): boolean => {
  const { number, key, proof } = payload.receiving;
  const point = fromBase64url(key);
  return verifyMessage(decodePublicKey(point), possessionMessage(id, number, point), fromBase64url(proof));
};

describe('identityPayload', () => {
  test('contains the public keys, and is signed by the identity', async () => {
    const payload = identityPayload(facts);
    expect(payload).toStrictEqual({
      id: keys.id,
      number: 1,
      receiving: {
        number: 3,
        key: toBase64url(encodePublicKey(publicKeyOf(keys.receiving(3)))),
        proof: payload.receiving.proof,
      },
      inbox: toBase64url(keys.inbox().publicKey),
      kfragSigner: toBase64url(encodePublicKey(publicKeyOf(keys.kfragSigner))),
      next: createHash('sha256').update(nextIdentityKey).digest('base64url'),
      issued: facts.now,
    });
    expect((await signStatement('identity', payload, keys)).payload).toEqual(payload);
  });

  test('contains name and previous if they are given', () => {
    const previous = toBase64url(fill(5, 32));
    expect(identityPayload({ ...facts, number: 2, previous, name: 'Hospital' })).toMatchObject({
      number: 2,
      previous,
      name: 'Hospital',
    });
  });

  test('proves possession of the receiving key, for this identity and number only', () => {
    const payload = identityPayload(facts);
    expect(proved(payload)).toBe(true);
    expect(proved(payload, deviceKeys(fill(9, 32)).id)).toBe(false);
    expect(proved({ ...payload, receiving: { ...payload.receiving, number: 4 } })).toBe(false);
    const other = identityPayload({ ...facts, receivingNumber: 4 });
    expect(proved({ ...payload, receiving: { ...other.receiving, proof: payload.receiving.proof } })).toBe(false);
  });

  test('is the same for the same random bytes', () => {
    const rng = (n: number) => fill(6, n);
    expect(identityPayload({ ...facts, rng })).toEqual(identityPayload({ ...facts, rng }));
  });
});

test('nextKeyHash refuses a shorter key', () => {
  expect(nextKeyHash(nextIdentityKey)).toHaveLength(43);
  expect(() => nextKeyHash(fill(1, 31))).toThrow('next identity key must be 32 bytes');
});
