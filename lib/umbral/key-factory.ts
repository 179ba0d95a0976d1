// Derives keys from a seed and a label, in the same way as SecretKeyFactory of the other Umbral implementations.
import { UmbralError } from './errors.ts';
import { factoryFactory, factoryKey, factorySecret } from './hashes.ts';
import { SecretKey } from './secret-key.ts';

const seedOf = (seed: Uint8Array): Uint8Array => {
  if (seed.length !== 32) throw new UmbralError('bad-encoding', 'a factory seed is 32 bytes');
  return seed;
};

/**
 * Derives a secret key.
 * @param seed 32 bytes
 * @param label any bytes; different labels give unrelated keys
 * @throws {UmbralError} `bad-encoding` for a seed of another length
 */
export const makeKey = (seed: Uint8Array, label: Uint8Array): SecretKey =>
  SecretKey.fromScalar(factoryKey(seedOf(seed), label));

/** Derives the seed of a subordinate factory, 32 bytes. @throws {UmbralError} `bad-encoding` */
export const makeFactory = (seed: Uint8Array, label: Uint8Array): Uint8Array => factoryFactory(seedOf(seed), label);

/** Derives 64 bytes that are not a scalar, such as the seed of another scheme. @throws {UmbralError} `bad-encoding` */
export const makeSecret = (seed: Uint8Array, label: Uint8Array): Uint8Array => factorySecret(seedOf(seed), label);
