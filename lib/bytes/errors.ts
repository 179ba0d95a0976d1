// Defines BytesError, the error for malformed text or bytes, and its closed list of codes.

export type BytesErrorCode =
  | 'bad-encoding' // the encoding is not the canonical one
  | 'bad-length' // the number of bytes is wrong
  | 'bad-value'; // a number is out of range

/** Malformed text or bytes. The message names the field and never repeats its content. */
export class BytesError extends Error {
  override readonly name = 'BytesError';
  readonly code: BytesErrorCode;
  constructor(code: BytesErrorCode, message: string) {
    super(message);
    this.code = code;
  }
}
