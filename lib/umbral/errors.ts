// Defines UmbralError, the error of the scheme, and its closed list of codes.
import { PcehrError } from '../bytes/errors.ts';

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

/** A refusal by the scheme. The message names the thing that was refused and never contains a key, a plaintext or any input. */
export class UmbralError extends PcehrError {
  override readonly name = 'UmbralError';
  readonly code: UmbralErrorCode;
  /** Index from 0 of the first wrong object, when several were checked together. */
  readonly index: number | undefined;
  constructor(code: UmbralErrorCode, message: string, index?: number) {
    super(message);
    this.code = code;
    this.index = index;
  }
}

/** Runs a check of one object in a list, and adds its index to the error. */
export const atIndex = <T>(index: number, run: () => T): T => {
  try {
    return run();
  } catch (error) {
    throw error instanceof UmbralError ? new UmbralError(error.code, error.message, index) : error;
  }
};
