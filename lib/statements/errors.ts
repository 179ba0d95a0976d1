// Defines StatementError, the error for refused statements, and its closed list of codes.
import { PcehrError } from '../bytes/errors.ts';

export type StatementErrorCode =
  | 'malformed' // not a canonical compact JWS of a known kind
  | 'wrong-signer' // the signer, or the identity that the payload names as signer, is not the expected one
  | 'bad-signature'
  | 'bad-payload'; // a member is missing, unknown, or out of range

/** A refused statement. The message names the member, never its content. */
export class StatementError extends PcehrError {
  override readonly name = 'StatementError';
  readonly code: StatementErrorCode;
  /** The wrong member of the payload, or the wrong part of the statement: `statement`, `header`, `typ`, `kid`, `signature`, `payload`. */
  readonly member: string;
  constructor(code: StatementErrorCode, message: string, member: string) {
    super(message);
    this.code = code;
    this.member = member;
  }
}
