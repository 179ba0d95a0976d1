// Tests the derivation of keys: compares them with those of the peer and the platform, and with formulas that the test computes itself.
import { describe, expect, test } from '@jest/globals';
import { SecretKeyFactory } from '@nucypher/umbral-pre';
import { ml_kem768_x25519 } from '@noble/post-quantum/hybrid.js';
import fc from 'fast-check';
import { createHash, createPrivateKey, createPublicKey, hkdfSync } from 'node:crypto';
import { inspect } from 'node:util';
import { concat, u32 } from '../../lib/bytes/binary.ts';
import { fromBase64url, toHex, utf8 } from '../../lib/bytes/codec.ts';
import { identityKey, newId, type FolderId } from '../../lib/bytes/ids.ts';
import { BytesError } from '../../lib/bytes/errors.ts';
import { deviceKeys, identityPublicKey } from '../../lib/identity/key-derivation.ts';
import { generationSeed } from '../../lib/identity/recovery-words.ts';
import { verifyEd25519 } from '../../lib/statements/ed25519.ts';
import { encodePublicKey, publicKeyOf, type SecretKey } from '../../lib/umbral/keys.ts';
import { fill } from '../statements/samples.ts';
import { shownAsText } from './helpers.ts';

const folder = newId<FolderId>(() => fill(3, 16));
const salt = fill(4, 16);
const bytes = (length: number) => fc.uint8Array({ minLength: length, maxLength: length });
const publicHex = (key: SecretKey): string => toHex(encodePublicKey(publicKeyOf(key)));
const peerFactory = (seed: Uint8Array) => SecretKeyFactory.fromSecureRandomness(seed);
const peerHex = (factory: SecretKeyFactory, label: Uint8Array): string =>
  toHex(factory.makeKey(label).publicKey().toCompressedBytes());
const peerSecret = (seed: Uint8Array, label: Uint8Array): Uint8Array =>
  peerFactory(seed).makeSecret(label).slice(0, 32);

describe('derivation', () => {
  test("gives the keys of the peer's SecretKeyFactory", () => {
    fc.assert(
      fc.property(bytes(32), fc.integer({ min: 1, max: 0xffffffff }), bytes(16), (seed, n, random) => {
        const keys = deviceKeys(seed);
        const sub = (use: string) => peerFactory(seed).makeFactory(utf8(`pcehr/v1/${use}`));
        const none = new Uint8Array(0);
        expect(publicHex(keys.kfragSigner)).toBe(peerHex(sub('kfrag-signer'), none));
        expect(keys.inbox().publicKey).toEqual(ml_kem768_x25519.getPublicKey(peerSecret(seed, utf8('pcehr/v1/inbox'))));
        expect(publicHex(keys.receiving(n))).toBe(peerHex(sub('receiving'), u32(n)));
        const label = concat(random, u32(n), salt);
        const id = newId<FolderId>(() => random);
        expect(publicHex(keys.folderKey(id, n, salt))).toBe(peerHex(sub('folder'), label));
        const companion = peerSecret(seed, concat(utf8('pcehr/v1/companion'), label));
        expect(keys.companionSeed(id, n, salt)).toEqual(companion);
      }),
      { numRuns: 10 },
    );
  });

  test("gives the peer's generations, and the platform's Ed25519 key of the identity seed", () => {
    fc.assert(
      fc.property(bytes(32), fc.integer({ min: 1, max: 9 }), (root, k) => {
        const seed = generationSeed(root, k);
        expect(seed).toEqual(peerSecret(root, concat(utf8('pcehr/v1/generation'), u32(k))));
        const der = Buffer.concat([
          Buffer.from('302e020100300506032b657004220420', 'hex'),
          peerSecret(seed, utf8('pcehr/v1/identity')),
        ]);
        const jwk = createPublicKey(createPrivateKey({ key: der, format: 'der', type: 'pkcs8' })).export({
          format: 'jwk',
        });
        expect(identityPublicKey(seed)).toEqual(fromBase64url(jwk.x!));
        expect(identityKey(deviceKeys(seed).id)).toEqual(identityPublicKey(seed));
      }),
      { numRuns: 10 },
    );
  });

  test('of a folder key, written out: HKDF, HKDF, SHA-256, reduction', () => {
    const seed = fill(7, 32);
    const hkdf = (ikm: Uint8Array, info: Uint8Array, length: number) =>
      new Uint8Array(hkdfSync('sha256', ikm, new Uint8Array(32), info, length));
    const factory = hkdf(seed, utf8('FACTORY_DERIVATION/pcehr/v1/folder'), 32);
    const info = concat(utf8('KEY_DERIVATION/'), fill(3, 16), u32(258), salt);
    const digest = createHash('sha256')
      .update(concat(u32(info.length), info, hkdf(factory, info, 64)))
      .digest('hex');
    const n = 0xfffffffffffffffffffffffffffffffebaaedce6af48a03bbfd25e8cd0364141n;
    const scalar = (BigInt(`0x${digest}`) % (n - 1n)) + 1n;
    expect(toHex(deviceKeys(seed).folderKey(folder, 258, salt).toBytes())).toBe(scalar.toString(16).padStart(64, '0'));
  });

  test('expands the inbox key at the first call, and not again', () => {
    const keys = deviceKeys(fill(1, 32));
    expect(keys.inbox()).toBe(keys.inbox());
  });

  test('gives a different key for each use', () => {
    const [a, b] = [deviceKeys(fill(1, 32)), deviceKeys(fill(2, 32))];
    const keys = [a, b].flatMap((k) => [
      k.kfragSigner,
      k.receiving(1),
      k.receiving(2),
      k.folderKey(folder, 1, salt),
      k.folderKey(folder, 2, salt),
      k.folderKey(folder, 1, fill(5, 16)),
      k.folderKey(
        newId<FolderId>(() => fill(9, 16)),
        1,
        salt,
      ),
    ]);
    expect(new Set(keys.map(publicHex)).size).toBe(14);
    expect(a.id).not.toBe(b.id);
    const seeds = [a, b].flatMap((k) => [
      k.companionSeed(folder, 1, salt),
      k.companionSeed(folder, 2, salt),
      k.companionSeed(folder, 1, fill(5, 16)),
    ]);
    expect(new Set(seeds.map(toHex)).size).toBe(6);
    expect(a.inbox().publicKey).not.toEqual(b.inbox().publicKey);
  });

  test('refuses seeds, ids and salts of another length', () => {
    expect(() => deviceKeys(fill(1, 31))).toThrow(BytesError);
    expect(() => identityPublicKey(fill(1, 33))).toThrow(BytesError);
    expect(() => deviceKeys(fill(1, 32)).folderKey(folder, 1, fill(1, 15))).toThrow(BytesError);
    expect(() => deviceKeys(fill(1, 32)).companionSeed(folder, 1, fill(1, 15))).toThrow(BytesError);
    expect(() => deviceKeys(fill(1, 32)).folderKey('x' as FolderId, 1, salt)).toThrow(BytesError);
  });
});

test('sign makes valid signatures of the identity', () => {
  const keys = deviceKeys(fill(1, 32));
  const message = utf8('message');
  expect(verifyEd25519(keys.sign(message), message, identityKey(keys.id))).toBe(true);
});

test('keys print as a placeholder, and cannot be replaced', () => {
  const keys = deviceKeys(fill(1, 32));
  for (const shown of [shownAsText(keys), JSON.stringify({ keys }), inspect(keys), inspect({ nested: { keys } })]) {
    expect(shown).toContain('[device keys]');
    expect(shown).not.toContain(keys.id);
  }
  expect(Object.isFrozen(keys)).toBe(true);
});

test('the seed is copied: wiping it afterwards changes nothing', () => {
  const seed = fill(1, 32);
  const keys = deviceKeys(seed);
  seed.fill(0);
  const same = deviceKeys(fill(1, 32));
  expect(publicHex(keys.receiving(1))).toBe(publicHex(same.receiving(1)));
  expect(keys.inbox().publicKey).toEqual(same.inbox().publicKey);
  expect(keys.companionSeed(folder, 1, salt)).toEqual(same.companionSeed(folder, 1, salt));
});
