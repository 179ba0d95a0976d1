/** Why a blob, wrap, metadata or text was refused. */
export type EnvelopeErrorCode =
  | 'header-invalid' // a member is out of range
  | 'commit-mismatch' // the file key is not the one that the author committed to
  | 'chunk-invalid' // a chunk was altered, moved, or belongs to another record
  | 'truncated' // the blob ends early
  | 'trailing-data' // the blob goes on after its end
  | 'length-mismatch' // the lengths that were signed and sealed do not fit together
  | 'digest-mismatch' // the blob is not the one that the author signed
  | 'metadata-invalid'
  | 'wrap-invalid'
  | 'text-invalid' // altered, or made for another place
  | 'too-long'
  | 'source-invalid' // not a regular file: it has no places to be read at
  | 'target-invalid' // something is there that is no regular file: it would be replaced, not written to
  | 'source-changed'; // written to while it was sealed or opened: to be sealed again, under a fresh key, or opened again

/** Something sealed that does not open. The message never repeats content. */
export class EnvelopeError extends Error {
  override readonly name = 'EnvelopeError';
  readonly code: EnvelopeErrorCode;
  constructor(code: EnvelopeErrorCode, message: string) {
    super(message);
    this.code = code;
  }
}
