// Deterministic derivation of keys from a seed, as the peers' SecretKeyFactory does it.
import { UmbralError } from './errors.ts';
import { factoryFactory, factoryKey, factorySecret } from './hashes.ts';
import { SecretKey } from './secret-key.ts';

const seedOf = (seed: Uint8Array): Uint8Array => {
  if (seed.length !== 32) throw new UmbralError('bad-encoding', 'a factory seed is 32 bytes');
  return seed;
};

/**
 * @param seed 32 bytes
 * @param label any bytes; another label gives an unrelated key
 * @throws {UmbralError} `bad-encoding` for a seed of another length
 */
export const makeKey = (seed: Uint8Array, label: Uint8Array): SecretKey =>
  SecretKey.fromScalar(factoryKey(seedOf(seed), label));

/** The seed of a subordinate factory, 32 bytes. @throws {UmbralError} `bad-encoding` */
export const makeFactory = (seed: Uint8Array, label: Uint8Array): Uint8Array => factoryFactory(seedOf(seed), label);

/** 64 bytes that are no scalar: seeds of other schemes. @throws {UmbralError} `bad-encoding` */
export const makeSecret = (seed: Uint8Array, label: Uint8Array): Uint8Array => factorySecret(seedOf(seed), label);
