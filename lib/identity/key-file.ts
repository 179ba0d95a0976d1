// Key file of a device: reads and writes the seed of one generation as JSON, plain or encrypted with a passphrase.
// docs/spec/identity.md specifies the format. The caller reads and writes the disk.
import { xchacha20poly1305 } from '@noble/ciphers/chacha.js';
import { scryptAsync } from '@noble/hashes/scrypt.js';
import * as z from 'zod/mini';
import { systemRng, type Rng } from '../bytes/binary.ts';
import { fromBase64url, toBase64url, utf8 } from '../bytes/codec.ts';
import { enteredFile, enteredText } from '../bytes/entered-text.ts';
import { identityId, type IdentityId } from '../bytes/ids.ts';
import { bytesOf, identity, integer, ordinal, sha256 } from '../statements/fields.ts';
import { identityPublicKey } from './key-derivation.ts';
import { IdentityError } from './errors.ts';
import { concealed } from './unprintable-secret.ts';

/** The seed and the public facts that a device stores. `deviceKeys(seed)` derives the keys from the seed. The object prints as a placeholder. */
export interface HeldKeys {
  /** k, 1 or more. */
  readonly generation: number;
  /** S_k, 32 bytes, secret: anybody who has the seed can act as this identity. */
  readonly seed: Uint8Array;
  readonly id: IdentityId;
  /** SHA-256 of the next generation's identity key, base64url. */
  readonly next: string;
}

export interface PassphraseOptions {
  /** The cost of scrypt is 2 to the power of this number, 17 (the default) to 20. 2^17 takes 128 MiB and about a second. */
  readonly log2N?: number;
  readonly rng?: Rng;
}

const FORMAT = 'pcehr-key-file';
const BLOCK = 8;
/**
 * The least cost is the minimum of OWASP for r = 8, p = 1 (Password Storage Cheat Sheet). The largest cost takes one gigabyte of memory, so a hostile file
 * cannot take more.
 */
const cost = integer(17, 20);
const base = { format: z.literal(FORMAT), version: z.literal(1), generation: ordinal, id: identity, next: sha256 };
const plain = z.strictObject({ ...base, protection: z.literal('none-keep-this-file-secret'), seed: bytesOf(32) });
const sealed = z.strictObject({
  ...base,
  protection: z.literal('scrypt-xchacha20poly1305'),
  log2N: cost,
  salt: bytesOf(16),
  nonce: bytesOf(24),
  sealedSeed: bytesOf(48),
});
const keyFile = z.discriminatedUnion('protection', [plain, sealed]);
type Sealed = z.infer<typeof sealed>;

/** Checks that seed and id belong together, so that a file with parts of two key files is refused. */
const held = (file: z.infer<typeof keyFile>, seed: Uint8Array): HeldKeys => {
  if (identityId(identityPublicKey(seed)) !== file.id)
    throw new IdentityError('bad-key-file', 'the seed in the key file is not that of its id');
  return concealed('keys', { generation: file.generation, seed, id: file.id, next: file.next });
};

/** Makes the keys that a device stores. @param seed S_k, 32 bytes */
export const holdKeys = (generation: number, seed: Uint8Array, next: string): HeldKeys =>
  concealed('keys', { generation, seed, id: identityId(identityPublicKey(seed)), next });

/** The text of a key file, or the bytes as they are on the disk: UTF-8 or UTF-16, with a byte order mark or without one. */
export type KeyFile = string | Uint8Array;

const badCost = (): IdentityError =>
  new IdentityError('bad-cost', 'the cost of scrypt (log2N) of a key file must be a whole number from 17 to 20');

const parse = (given: KeyFile): z.infer<typeof keyFile> => {
  let json: unknown;
  try {
    json = JSON.parse(typeof given === 'string' ? enteredText(given) : enteredFile(given));
  } catch {
    const misread = typeof given === 'string' && given.includes('\0');
    const why = misread ? 'in UTF-16: hand its bytes over, which are read in either form' : 'not JSON';
    throw new IdentityError('bad-key-file', `the key file is ${why}`);
  }
  const result = keyFile.safeParse(json);
  if (result.success) return result.data;
  const member = result.error.issues[0]!.path.map(String).join('.');
  if (member === 'log2N') throw badCost();
  throw new IdentityError('bad-key-file', `the key file is not of this version or damaged (${member || 'members'})`);
};

const write = (file: object): string => `${JSON.stringify(file, undefined, 2)}\n`;
const head = ({ generation, id, next }: Pick<HeldKeys, 'generation' | 'id' | 'next'>) => ({
  format: FORMAT,
  version: 1,
  generation,
  id,
  next,
});

/** Encodes a key file without protection: anybody who reads the file has the keys. The caller must set its file permissions. */
export const encodeKeyFile = (keys: HeldKeys): string =>
  write({ ...head(keys), protection: 'none-keep-this-file-secret', seed: toBase64url(keys.seed) });

/** Decodes a key file without protection. @throws {IdentityError} `bad-key-file`, also for a file with a passphrase */
export const decodeKeyFile = (given: KeyFile): HeldKeys => {
  const file = parse(given);
  if (file.protection !== 'none-keep-this-file-secret')
    throw new IdentityError('bad-key-file', 'the key file is under a passphrase');
  return held(file, fromBase64url(file.seed));
};

/** Half of a character in UTF-16. UTF-8 cannot encode it: all such halves would become the same character. */
const LONE_SURROGATE = /\p{Surrogate}/u;

/** @throws {IdentityError} `bad-passphrase` */
const passphraseBytes = (passphrase: string): Uint8Array => {
  if (LONE_SURROGATE.test(passphrase))
    throw new IdentityError('bad-passphrase', 'the passphrase has half of a character in it (a lone surrogate)');
  return utf8(passphrase.normalize('NFC'));
};

/** The cipher for the seed. All other members of the file are authenticated, so none can be changed. */
const cipher = async (passphrase: string, file: Omit<Sealed, 'sealedSeed'>) => {
  const { format, version, generation, id, next, protection, log2N, salt, nonce } = file;
  const key = await scryptAsync(passphraseBytes(passphrase), fromBase64url(salt), {
    N: 2 ** log2N,
    r: BLOCK,
    p: 1,
    dkLen: 32,
    maxmem: 2 ** 31,
  });
  const aad = utf8(JSON.stringify([format, version, generation, id, next, protection, log2N, salt, nonce]));
  return xchacha20poly1305(key, fromBase64url(nonce), aad);
};

/**
 * Encrypts a key file with a passphrase: scrypt, then XChaCha20-Poly1305. Id, generation and the hash of the next key stay readable.
 * @throws {IdentityError} `bad-passphrase`, also for an empty one; `bad-cost`
 */
export const sealKeyFile = async (
  keys: HeldKeys,
  passphrase: string,
  { log2N = 17, rng = systemRng }: PassphraseOptions = {},
): Promise<string> => {
  if (passphrase === '') throw new IdentityError('bad-passphrase', 'the passphrase is empty: it would protect nothing');
  if (!cost.safeParse(log2N).success) throw badCost();
  const file = z.omit(sealed, { sealedSeed: true }).parse({
    ...head(keys),
    protection: 'scrypt-xchacha20poly1305',
    log2N,
    salt: toBase64url(rng(16)),
    nonce: toBase64url(rng(24)),
  });
  return write({ ...file, sealedSeed: toBase64url((await cipher(passphrase, file)).encrypt(keys.seed)) });
};

/** Reads a key file with or without protection. @throws {IdentityError} `bad-key-file`, `bad-cost`, `bad-passphrase` or `wrong-passphrase` */
export const openKeyFile = async (given: KeyFile, passphrase: string): Promise<HeldKeys> => {
  const file = parse(given);
  if (file.protection === 'none-keep-this-file-secret') return held(file, fromBase64url(file.seed));
  const opener = await cipher(passphrase, file);
  let seed: Uint8Array;
  try {
    seed = opener.decrypt(fromBase64url(file.sealedSeed));
  } catch {
    throw new IdentityError('wrong-passphrase', 'the passphrase does not open the key file');
  }
  return held(file, seed);
};
