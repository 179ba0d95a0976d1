// Written: the type of the result of a write.

/**
 * The result of a write. Every write is one transaction. It stores the items under the conditions of the method, the audit events at the head of the patient's
 * trail, and the claim of the caller's nonce. The method throws AppError `replayed`, `already-exists`, `busy`, or the error of the condition that failed.
 * `repeated` means that the same statement was stored before: then nothing was changed, and the caller gets the same answer again.
 */
export interface Written {
  readonly repeated: boolean;
}
