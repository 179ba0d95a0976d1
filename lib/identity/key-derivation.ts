// Derives every key of an identity from the seed of its generation. Each use has its own label, so no key serves two purposes.
// docs/spec/identity.md specifies the derivation.
import { ed25519 } from '@noble/curves/ed25519.js';
import { concat, ofLength, u32 } from '../bytes/binary.ts';
import { utf8 } from '../bytes/codec.ts';
import { idBytes, identityId, type FolderId, type IdentityId } from '../bytes/ids.ts';
import { decapsulator, type Decapsulator } from '../envelope/x-wing.ts';
import { nativeSigning } from '../statements/ed25519-native.ts';
import { makeFactory, makeKey, makeSecret } from '../umbral/key-factory.ts';
import type { SecretKey } from '../umbral/keys.ts';
import { concealed } from './unprintable-secret.ts';

/** The keys of one generation. The object prints as a placeholder. */
export interface DeviceKeys {
  readonly id: IdentityId;
  /** Signs statements and requests with Ed25519. It takes the bytes themselves, not a hash of them. */
  readonly sign: (bytes: Uint8Array) => Uint8Array;
  /** Signs key fragments and nothing else (`w` in docs/spec/identity.md). */
  readonly kfragSigner: SecretKey;
  /** b: the receiving key, for which capsules are re-encrypted. @param number 1 or more, as in the identity statement */
  readonly receiving: (number: number) => SecretKey;
  /** Opens the texts and the companion seeds that were sealed to this identity. It is expanded at the first call, which takes milliseconds. */
  readonly inbox: () => Decapsulator;
  /** a: the cell key of one cell, in Umbral the delegating key. @param salt 16 bytes, from the folder statement */
  readonly folderKey: (folder: FolderId, epoch: number, salt: Uint8Array) => SecretKey;
  /** The seed of the companion key of one cell, 32 bytes, secret. @param salt 16 bytes, from the folder statement */
  readonly companionSeed: (folder: FolderId, epoch: number, salt: Uint8Array) => Uint8Array;
}

const signWith = nativeSigning() ?? ((seed: Uint8Array) => (message: Uint8Array) => ed25519.sign(message, seed));

const NO_LABEL = new Uint8Array(0);

/** A seed for a use outside Umbral: the first 32 bytes of makeSecret(S_k, "pcehr/v1/" use rest). */
const seedFor = (seed: Uint8Array, use: string, rest: Uint8Array = NO_LABEL): Uint8Array =>
  makeSecret(seed, concat(utf8(`pcehr/v1/${use}`), rest)).slice(0, 32);

const cellLabel = (id: FolderId, epoch: number, salt: Uint8Array): Uint8Array =>
  concat(idBytes(id), u32(epoch), ofLength(salt, 16, 'salt'));

/** Returns a function that runs `make` at the first call only. */
const once = <T>(make: () => T): (() => T) => {
  let made: { readonly value: T } | undefined;
  return () => (made ??= { value: make() }).value;
};

/** The Ed25519 public key of a generation, 32 bytes. The identity statement contains a hash of the key of the next generation. */
export const identityPublicKey = (seed: Uint8Array): Uint8Array =>
  ed25519.getPublicKey(seedFor(ofLength(seed, 32, 'seed'), 'identity'));

/** Derives the keys of a generation. @param seed S_k, 32 bytes; copied */
export const deviceKeys = (seed: Uint8Array): DeviceKeys => {
  ofLength(seed, 32, 'seed');
  const own = Uint8Array.from(seed);
  const identity = seedFor(own, 'identity');
  const [kfragSigner, receiving, folder] = ['kfrag-signer', 'receiving', 'folder'].map((use) =>
    makeFactory(own, utf8(`pcehr/v1/${use}`)),
  ) as [Uint8Array, Uint8Array, Uint8Array];
  const publicKey = ed25519.getPublicKey(identity);
  return concealed('device keys', {
    id: identityId(publicKey),
    sign: signWith(identity, publicKey),
    kfragSigner: makeKey(kfragSigner, NO_LABEL),
    receiving: (number: number) => makeKey(receiving, u32(number)),
    inbox: once(() => decapsulator(seedFor(own, 'inbox'))),
    folderKey: (id: FolderId, epoch: number, salt: Uint8Array) => makeKey(folder, cellLabel(id, epoch, salt)),
    companionSeed: (id: FolderId, epoch: number, salt: Uint8Array) =>
      seedFor(own, 'companion', cellLabel(id, epoch, salt)),
  });
};
