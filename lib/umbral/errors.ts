/** What can be wrong with an Umbral object, its use or its inputs. */
export type UmbralErrorCode =
  | 'bad-encoding'
  | 'bad-point'
  | 'bad-scalar'
  | 'bad-signature'
  | 'bad-parameters'
  | 'bad-capsule'
  | 'kfrag-invalid'
  | 'cfrag-invalid'
  | 'bad-threshold'
  | 'bad-cfrags'
  | 'bad-randomness'
  | 'decryption-failed';

/** A refusal of the scheme. The message names what was refused and never holds a key, a plaintext or any input. */
export class UmbralError extends Error {
  override readonly name = 'UmbralError';
  readonly code: UmbralErrorCode;
  constructor(code: UmbralErrorCode, message: string) {
    super(message);
    this.code = code;
  }
}
