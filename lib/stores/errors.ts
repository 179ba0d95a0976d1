// StoreError: faults of the stores that no request causes. An error that a caller can act on is an AppError.

export type StoreErrorCode =
  | 'damaged-item' // a stored item lacks a member, or a statement does not parse
  | 'service-signature' // a signature made for the service does not verify under its key
  | 'unexplained-cancellation'; // DynamoDB cancelled a transaction, and no condition of it explains why

/** An error of a store. The message may name a member of an item, never its content. */
export class StoreError extends Error {
  override readonly name = 'StoreError';
  readonly code: StoreErrorCode;
  constructor(code: StoreErrorCode, message: string) {
    super(message);
    this.code = code;
  }
}
