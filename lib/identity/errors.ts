export type IdentityErrorCode =
  | 'bad-root-words' // not 24 words of the list, or the checksum does not fit: a word is mistyped or out of order
  | 'bad-key-file' // not a key file of this version, or damaged
  | 'bad-passphrase' // not text: half of a character (a lone surrogate), which no keyboard enters
  | 'wrong-passphrase' // or a damaged key file: the two cannot be told apart
  | 'bad-url';

/** What can be wrong with keys and what holds them. No message repeats a word, a key or a passphrase. */
export class IdentityError extends Error {
  override readonly name = 'IdentityError';
  readonly code: IdentityErrorCode;
  constructor(code: IdentityErrorCode, message: string) {
    super(message);
    this.code = code;
  }
}
