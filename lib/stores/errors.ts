// What can go wrong in the stores that is nobody's request's fault. Everything a caller can act on is an AppError.

export type StoreErrorCode =
  | 'damaged-item' // a stored item lacks a member, or a statement does not parse
  | 'service-signature' // what was signed for the service does not verify under its key
  | 'unexplained-cancellation'; // a transaction was refused for a reason that no condition of ours gives

/** The message names the member, never its content. */
export class StoreError extends Error {
  override readonly name = 'StoreError';
  readonly code: StoreErrorCode;
  constructor(code: StoreErrorCode, message: string) {
    super(message);
    this.code = code;
  }
}
