// Defines StatementError, the error for refused statements, and its closed list of codes.
export type StatementErrorCode =
  | 'malformed' // not a canonical compact JWS of a known kind
  | 'wrong-signer' // signed by, or in the name of, another identity than expected
  | 'bad-signature'
  | 'bad-payload'; // members missing, unknown, or out of range

/** A refused statement. The message names the member, never its content. */
export class StatementError extends Error {
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
