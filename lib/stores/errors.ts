// StoreError: an error for faults that no request causes. If a caller can act on an error, it is an AppError.

export type StoreErrorCode =
  | 'damaged-item' // a stored item lacks a member, or a statement does not parse
  | 'service-signature' // KMS made a signature that does not verify under the service key
  | 'unexplained-cancellation'; // DynamoDB cancelled a transaction, and no condition of the transaction explains why

/** An error of a store. The message may name a member of an item, never its content. */
export class StoreError extends Error {
  override readonly name = 'StoreError';
  readonly code: StoreErrorCode;
  constructor(code: StoreErrorCode, message: string) {
    super(message);
    this.code = code;
  }
}
