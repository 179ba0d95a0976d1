// Written: the type of the result of a write.

/**
 * Every write is one transaction. It contains the items under named conditions, the audit events at the head of the patient's chain, and the claim of
 * the caller's nonce. It throws an AppError: `replayed`, `already-exists`, `busy`, or the error of the condition that failed. `repeated` means that the
 * same statement was stored before: nothing was changed, and the caller gets the same answer again.
 */
export interface Written {
  readonly repeated: boolean;
}
