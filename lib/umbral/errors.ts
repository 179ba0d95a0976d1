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
  /** Of the first wrong one, from 0, where several were checked together. */
  readonly place: number | undefined;
  constructor(code: UmbralErrorCode, message: string, place?: number) {
    super(message);
    this.code = code;
    this.place = place;
  }
}

/** Runs a check of one of several, and adds which one to its refusal. */
export const atPlace = <T>(place: number, run: () => T): T => {
  try {
    return run();
  } catch (error) {
    throw error instanceof UmbralError ? new UmbralError(error.code, error.message, place) : error;
  }
};
