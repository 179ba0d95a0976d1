// Defines IdentityError, the error for recovery words, key files and request signatures, and its closed list of codes.
import { PcehrError } from '../bytes/errors.ts';

export type IdentityErrorCode =
  | 'bad-root-words' // not 24 words of the list, or a wrong checksum: a word is mistyped or out of order
  | 'bad-key-file' // not a key file of this version, or damaged
  | 'bad-cost' // the cost of scrypt is too low to protect a key file, or takes too much memory
  | 'bad-passphrase' // the passphrase is empty, or contains half of a character (a lone surrogate), which no keyboard enters
  | 'wrong-passphrase' // the passphrase is wrong, or the key file is damaged; both faults look the same
  | 'bad-url';

/** An error of keys or of their storage. No message repeats a word, a key or a passphrase. */
export class IdentityError extends PcehrError {
  override readonly name = 'IdentityError';
  readonly code: IdentityErrorCode;
  constructor(code: IdentityErrorCode, message: string) {
    super(message);
    this.code = code;
  }
}
