/** Why a statement was refused. */
export type StatementErrorCode =
  | 'malformed' // not a canonical compact JWS of a known kind
  | 'wrong-signer' // signed by, or in the name of, somebody else than expected
  | 'bad-signature'
  | 'bad-payload'; // members missing, unknown, or out of range

/** A refused statement. The message names the member, never its content. */
export class StatementError extends Error {
  override readonly name = 'StatementError';
  readonly code: StatementErrorCode;
  /** The member of the payload that is wrong, or the part of the statement: `statement`, `header`, `typ`, `kid`, `signature`, `payload`. */
  readonly member: string;
  constructor(code: StatementErrorCode, message: string, member: string) {
    super(message);
    this.code = code;
    this.member = member;
  }
}
