// Cancellation reasons: finds out why DynamoDB cancelled a transaction. It looks at the reasons in the order of docs/spec/storage.md: the claim, the head of
// trail and chain, the statement itself, then the first condition that failed. Its functions are pure.
import type { CancellationReason } from '@aws-sdk/client-dynamodb';
import { AppError } from '../../api/errors.ts';
import { REPEAT_WINDOW } from '../../domain/opening.ts';
import { isTransientCode } from '../../ports/transient-errors.ts';
import type { StatementHash } from '../../statements/kinds.ts';
import { StoreError } from '../errors.ts';
import { count, fromAttributes, type Item } from './item.ts';
import { holds, type Refusal, type Step } from './conditional-writes.ts';

/** The stored note that a request nonce, or an opening id, has been used. Because of it a request or an opening takes effect only once. */
export interface Claim {
  readonly pk: string;
  /** Seconds since 1970; DynamoDB may delete the claim after that. */
  readonly ttl: number;
  /** Present for an opening only. If the same statement arrives again within {@link REPEAT_WINDOW}, the verdict is `repeated`. */
  readonly opening?: { readonly statement: StatementHash; readonly at: number };
}

/** One attempt at a transaction. Its items are in the order claim, head, events, entry, steps. */
export interface Attempt {
  readonly claim: Claim | undefined;
  /** A random text, one for each write. The SDK may repeat a request after an ambiguous failure; by this text the attempt recognises its own claim. */
  readonly invocation: string;
  /** The steps that write the head of trail and chain, the events and the entry. The list is empty for a write without events. */
  readonly chain: readonly Step[];
  readonly steps: readonly Step[];
}

export type Verdict =
  | { readonly is: 'done' }
  | { readonly is: 'repeated' }
  | { readonly is: 'refused'; readonly error: AppError }
  | { readonly is: 'retry' };

const failed = (reason: CancellationReason | undefined): boolean => reason?.Code === 'ConditionalCheckFailed';
const oldOf = (reason: CancellationReason | undefined): Item | undefined =>
  reason?.Item === undefined ? undefined : fromAttributes(reason.Item);

const verdictOf = (refusal: Refusal): Verdict =>
  refusal === 'repeated' ? { is: 'repeated' } : { is: 'refused', error: refusal };

const claimTaken = ({ claim, invocation }: Attempt, by: Item | undefined): Verdict => {
  if (by?.['invocation'] === invocation) return { is: 'done' };
  const { opening } = claim ?? {};
  if (opening === undefined) return { is: 'refused', error: new AppError('replayed') };
  if (by?.['statement'] === opening.statement && opening.at - count(by, 'at') <= REPEAT_WINDOW)
    return { is: 'repeated' };
  // The opening id is used, so the caller must sign a new opening; a new request nonce is not enough.
  return { is: 'refused', error: new AppError('already-exists') };
};

/** Whether every statement of this write is stored already. If so, the whole write was done before. */
const allStored = (steps: readonly Step[], reasons: readonly (CancellationReason | undefined)[]): boolean => {
  const stored = steps.flatMap(({ makes }, i) =>
    makes === undefined ? [] : [failed(reasons[i]) && oldOf(reasons[i])?.['hash'] === makes],
  );
  return stored.length > 0 && stored.every(Boolean);
};

const refusalOf = (step: Step, old: Item | undefined): Refusal => {
  const condition = step.when.find((c) => !holds(c, old));
  if (condition === undefined)
    throw new StoreError('unexplained-cancellation', 'every condition holds on the old item');
  return condition.otherwise(old);
};

/**
 * Decides what follows from a cancellation: this attempt did the write (`done`), an earlier call did it (`repeated`), the write is refused, or the caller tries
 * again.
 * @param reasons one for each item of the transaction, in its order
 * @throws {StoreError} `unexplained-cancellation`
 */
export const readCancellation = (reasons: readonly CancellationReason[], attempt: Attempt): Verdict => {
  const claims = attempt.claim === undefined ? 0 : 1;
  const chain = attempt.chain.length;
  if (claims === 1 && failed(reasons[0])) return claimTaken(attempt, oldOf(reasons[0]));

  if (reasons.slice(claims, claims + chain).some(failed)) return { is: 'retry' };

  const ofSteps = attempt.steps.map((_, i) => reasons[claims + chain + i]);
  if (allStored(attempt.steps, ofSteps)) return { is: 'repeated' };
  const first = ofSteps.findIndex(failed);
  const step = attempt.steps[first];
  if (step !== undefined) return verdictOf(refusalOf(step, oldOf(ofSteps[first])));

  if (reasons.some((r) => isTransientCode(r.Code))) return { is: 'retry' };
  throw new StoreError('unexplained-cancellation', reasons.map((r) => r.Code ?? 'None').join(', '));
};
