// Defines PcehrError, the family of errors that this project throws on purpose, and BytesError, the error for malformed text or bytes.

/** The family of errors: every error with a code of a closed list. Errors of the system and of the caller's own functions are not in it. */
export abstract class PcehrError extends Error {
  abstract readonly code: string;
}

export type BytesErrorCode =
  | 'bad-encoding' // the encoding is not the canonical one
  | 'bad-length' // the number of bytes is wrong
  | 'bad-value'; // a number is out of range

/** Malformed text or bytes. The message names the field and never repeats its content. */
export class BytesError extends PcehrError {
  override readonly name = 'BytesError';
  readonly code: BytesErrorCode;
  constructor(code: BytesErrorCode, message: string) {
    super(message);
    this.code = code;
  }
}
