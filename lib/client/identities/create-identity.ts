// Creates an identity, or derives it again from its recovery words or its key file. A client is made with the keys of an identity.
import type { Rng } from '../../bytes/binary.ts';
import type { IdentityId } from '../../bytes/ids.ts';
import { nextKeyHash } from '../../identity/identity-statement.ts';
import { deviceKeys, identityPublicKey, type DeviceKeys } from '../../identity/key-derivation.ts';
import { decodeKeyFile, holdKeys, openKeyFile, type HeldKeys, type KeyFile } from '../../identity/key-file.ts';
import { generationSeed, newRootWords, rootFromWords } from '../../identity/recovery-words.ts';
import { concealed } from '../../identity/unprintable-secret.ts';

/** Everything that a device needs of one identity: `createPatient({ origin, ...identity })`. Printing it shows a placeholder instead of the secrets. */
export interface Identity {
  /** The public id, 62 characters. */
  readonly id: IdentityId;
  /** The keys of this generation. */
  readonly keys: DeviceKeys;
  /** SHA-256 of the next generation's identity key, base64url. */
  readonly next: string;
  /** The generation of the keys, 1 or more. */
  readonly generation: number;
  /** The secret from which the keys are derived, 32 bytes. A key file stores it. */
  readonly seed: Uint8Array;
}

const identityOf = (held: HeldKeys): Identity =>
  concealed('identity', {
    id: held.id,
    keys: deviceKeys(held.seed),
    next: held.next,
    generation: held.generation,
    seed: held.seed,
  });

/**
 * Derives an identity from its recovery words. Case and spacing of the words do not matter.
 *
 * @param words 24 English words (BIP-39)
 * @param generation 1, or more after the keys were replaced
 * @throws {IdentityError} `bad-root-words`
 */
export const identityFromWords = (words: string, generation = 1): Identity => {
  const root = rootFromWords(words);
  const next = nextKeyHash(identityPublicKey(generationSeed(root, generation + 1)));
  return identityOf(holdKeys(generation, generationSeed(root, generation), next));
};

/**
 * Creates a new identity. The words restore it on another device. Write them on paper, and store them on no device.
 * @param rng source of 32 random bytes; default: the platform's source
 */
export const createIdentity = (rng?: Rng): { readonly identity: Identity; readonly words: string } => {
  const words = newRootWords(rng);
  return { identity: identityFromWords(words), words };
};

/**
 * Reads an identity from a key file (`encodeKeyFile`, `sealKeyFile`). The file may be given as text, or as bytes in UTF-8 or UTF-16.
 * @param passphrase needed for a sealed key file; ignored for a plain one
 * @throws {IdentityError} `bad-key-file`, `bad-cost`, `bad-passphrase`, `wrong-passphrase`
 */
export const identityFromKeyFile = async (given: KeyFile, passphrase?: string): Promise<Identity> =>
  identityOf(passphrase === undefined ? decodeKeyFile(given) : await openKeyFile(given, passphrase));
