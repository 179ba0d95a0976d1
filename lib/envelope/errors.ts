// Defines EnvelopeError, the error for sealed things that do not open, and its closed list of codes.
import { PcehrError } from '../bytes/errors.ts';

export type EnvelopeErrorCode =
  | 'header-invalid' // a header field is out of range
  | 'commit-mismatch' // the file key does not match the key commitment that the author signed
  | 'chunk-invalid' // a chunk was altered, moved, or belongs to another record
  | 'truncated' // the blob ends early
  | 'trailing-data' // the blob goes on after its end
  | 'length-mismatch' // the signed length and the sealed length do not match
  | 'digest-mismatch' // the blob is not the one that the author signed
  | 'metadata-invalid'
  | 'wrap-invalid'
  | 'label-invalid' // the label was altered or moved, or its text is not in canonical form
  | 'seeds-invalid' // the companion seeds were altered, or sealed for another statement
  | 'key-invalid' // the public key to seal to is no X-Wing key
  | 'text-invalid' // the text was altered, or sealed for another context
  | 'too-long'
  | 'source-invalid' // the source is not a regular file, so it cannot be read at an offset; or a stream of something else than bytes
  | 'target-invalid' // the target exists and is not a regular file; writing would replace it
  | 'source-changed'; // somebody wrote to the source while it was sealed or opened. Seal it again with a fresh file key, or open it again

/** A sealed thing that does not open. The message never repeats content. */
export class EnvelopeError extends PcehrError {
  override readonly name = 'EnvelopeError';
  readonly code: EnvelopeErrorCode;
  constructor(code: EnvelopeErrorCode, message: string) {
    super(message);
    this.code = code;
  }
}
