// The result of a write.

/**
 * Every write is one transaction: its items under named conditions, its audit events at the head of the patient's chain, and the
 * caller's nonce. It throws AppError: `replayed`, `already-exists`, `busy`, or the condition that failed. `repeated` says that the
 * very same statement was stored before: nothing was changed, and the caller is to be answered as then.
 */
export interface Written {
  readonly repeated: boolean;
}
