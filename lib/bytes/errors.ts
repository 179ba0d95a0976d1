// Defines BytesError, the error for malformed text or bytes, and its closed list of codes.

export type BytesErrorCode =
  | 'bad-encoding' // not the canonical encoding
  | 'bad-length' // another number of bytes than required
  | 'bad-value'; // a number out of range

/** Malformed text or bytes. The message names the field and never repeats its content. */
export class BytesError extends Error {
  override readonly name = 'BytesError';
  readonly code: BytesErrorCode;
  constructor(code: BytesErrorCode, message: string) {
    super(message);
    this.code = code;
  }
}
