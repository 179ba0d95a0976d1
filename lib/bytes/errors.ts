/** What can be wrong with bytes that come from outside. */
export type BytesErrorCode = 'bad-encoding' | 'bad-length' | 'bad-value';

/** Malformed text or bytes. The message names the field and never repeats its content. */
export class BytesError extends Error {
  override readonly name = 'BytesError';
  readonly code: BytesErrorCode;
  constructor(code: BytesErrorCode, message: string) {
    super(message);
    this.code = code;
  }
}
