// Recovery words (24 words, BIP-39) and the generation seeds that are derived from them. The words stay off devices; a device stores one generation.
import { entropyToMnemonic, mnemonicToEntropy } from '@scure/bip39';
import { wordlist } from '@scure/bip39/wordlists/english.js';
import { concat, ofLength, systemRng, u32, type Rng } from '../bytes/binary.ts';
import { utf8 } from '../bytes/codec.ts';
import { enteredText } from '../bytes/entered-text.ts';
import { makeSecret } from '../umbral/key-factory.ts';
import { IdentityError } from './errors.ts';

const ROOT_BYTES = 32;
const WORDS = 24;

/** Makes 24 English words (BIP-39) that encode 32 random bytes and a checksum. They are for paper, not for storage on a device. */
export const newRootWords = (rng: Rng = systemRng): string =>
  entropyToMnemonic(ofLength(rng(ROOT_BYTES), ROOT_BYTES, 'root'), wordlist);

/**
 * Decodes the 32-byte root from the words: the entropy of BIP-39, not the seed that wallets derive from it. Case and spacing do not matter.
 *
 * @throws {IdentityError} `bad-root-words`
 */
export const rootFromWords = (words: string): Uint8Array => {
  const list = enteredText(words.normalize('NFKD')).toLowerCase().split(/\s+/);
  if (list.length !== WORDS) throw new IdentityError('bad-root-words', `expected ${WORDS} words, not ${list.length}`);
  const unknown = list.flatMap((word, i) => (wordlist.includes(word) ? [] : [i + 1]));
  if (unknown.length > 0)
    throw new IdentityError('bad-root-words', `not in the word list: word number ${unknown.join(', ')}`);
  try {
    return mnemonicToEntropy(list.join(' '), wordlist);
  } catch {
    throw new IdentityError('bad-root-words', 'the words do not belong together: one is wrong or out of order');
  }
};

/**
 * S_k, the seed of one generation of an identity's keys. A device stores only this seed, so a thief of a device gets neither the root nor other generations.
 *
 * @param root 32 bytes
 * @param generation k, 1 or more
 */
export const generationSeed = (root: Uint8Array, generation: number): Uint8Array =>
  makeSecret(ofLength(root, ROOT_BYTES, 'root'), concat(utf8('pcehr/v1/generation'), u32(generation))).slice(0, 32);
