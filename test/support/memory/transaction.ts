// In-memory transaction: all writes happen, or none. It checks reasons for refusal in the order of docs/spec/storage.md: the claim, the statements, then the
// first condition that fails. No other write runs in between, so the head of the trail never moves.
import { AppError } from '../../../lib/api/errors.ts';
import type { IdentityId } from '../../../lib/bytes/ids.ts';
import { EMPTY_CHAIN, nextEvent, type EventDraft } from '../../../lib/domain/audit-chain.ts';
import { REPEAT_WINDOW } from '../../../lib/domain/opening.ts';
import { HOUR, SECOND } from '../../../lib/domain/time.ts';
import type { Jws, Statement } from '../../../lib/statements/kinds.ts';
import { followsHead, NO_ENTRIES, type EntryHead, type Heads } from '../../../lib/domain/statement-chain.ts';
import type { Call, NewEntry } from '../../../lib/ports/call.ts';
import type { Written } from '../../../lib/ports/index.ts';
import type { ClaimRow, State } from './state.ts';

/** `repeated`: this write was already done before. */
export type Refusal = AppError | 'repeated';

export interface Claim extends ClaimRow {
  readonly name: string;
}

export interface Write {
  readonly claim: Claim;
  /** The entry that the call adds to the caller's chain of statements. */
  readonly entry?: NewEntry | undefined;
  /** Pairs of the statement that the write stores and the statement already stored under the same id. If all pairs are equal, the write is a repetition. */
  readonly makes?: readonly (readonly [made: Statement, stored: Statement | undefined])[];
  /** The results of the conditions, in the order of the checks: the refusal, or undefined if the condition is true. */
  readonly conditions: readonly (Refusal | undefined)[];
  /** Events of one patient. `evidence` is the statement that caused the event, if it is not stored elsewhere. */
  readonly events: readonly { readonly draft: EventDraft; readonly evidence?: Jws }[];
  readonly effect: () => void;
}

export const unless = (holds: boolean, refusal: Refusal): Refusal | undefined => (holds ? undefined : refusal);

export const claimName = (identity: IdentityId, nonce: string): string => `${identity}#${nonce}`;
const ttlOf = (end: number): number => Math.ceil((end + HOUR) / SECOND);

export const nonceClaim = ({ caller, nonce }: Call): Claim => ({
  name: claimName(caller, nonce.value),
  ttl: ttlOf(nonce.expires),
});

export const openingClaim = ({ payload, hash }: Statement<'opening'>, at: number): Claim => ({
  name: claimName(payload.opener, payload.opening),
  ttl: ttlOf(at),
  opening: { statement: hash, at },
});

export const headOf = (state: State, patient: IdentityId): Heads => {
  const last = state.chains.get(patient)?.at(-1);
  const head = last === undefined ? EMPTY_CHAIN : { seq: last.event.seq, hash: last.entry.hash };
  return { ...head, entries: entryHeadOf(state, patient) };
};

const entryHeadOf = (state: State, id: IdentityId): EntryHead => {
  const last = state.entries.get(id)?.at(-1)?.statement;
  return last === undefined ? NO_ENTRIES : { number: last.payload.number, hash: last.hash };
};

export const hasEntry = (state: State, { hash, payload: { id, number } }: Statement<'entry'>): boolean =>
  state.entries.get(id)?.[number - 1]?.statement.hash === hash;

/** Returns the claim and the entry of a request. */
export const effectOf = (call: Call): Pick<Write, 'claim' | 'entry'> => ({
  claim: nonceClaim(call),
  entry: call.entry,
});

const taken = (claim: Claim, by: ClaimRow | undefined): Refusal | undefined => {
  if (by === undefined) return undefined;
  if (claim.opening === undefined) return new AppError('replayed');
  const isSame = by.opening?.statement === claim.opening.statement;
  return isSame && claim.opening.at - by.opening.at <= REPEAT_WINDOW ? 'repeated' : new AppError('already-exists');
};

const allStored = (makes: Write['makes'] = []): boolean =>
  makes.length > 0 && makes.every(([made, stored]) => made.hash === stored?.hash);

const moved = (state: State, entry: NewEntry | undefined): Refusal | undefined => {
  if (entry === undefined) return undefined;
  const { statement } = entry;
  if (followsHead(statement.payload, entryHeadOf(state, statement.payload.id))) return undefined;
  return hasEntry(state, statement) ? 'repeated' : new AppError('chain-moved');
};

const refusalOf = (state: State, { claim, entry, makes, conditions }: Write): Refusal | undefined => {
  const refusal =
    moved(state, entry) ??
    taken(claim, state.claims.get(claim.name)) ??
    (allStored(makes) ? 'repeated' : conditions.find((r) => r !== undefined));
  // The change is stored, but another entry may have made it. Then this call is no repetition.
  return refusal === 'repeated' && entry !== undefined && !hasEntry(state, entry.statement)
    ? new AppError('chain-moved')
    : refusal;
};

const append = (state: State, { draft, evidence }: Write['events'][number]): void => {
  const { text, hash, event } = nextEvent(headOf(state, draft.patient), draft);
  const entry = { event: text, hash, ...(evidence === undefined ? {} : { evidence }) };
  state.chains.set(draft.patient, [...(state.chains.get(draft.patient) ?? []), { event, entry }]);
};

const appendEntry = (state: State, entry: NewEntry): void => {
  const { id } = entry.statement.payload;
  state.entries.set(id, [...(state.entries.get(id) ?? []), entry]);
};

/** Performs a write. @throws {AppError} if the write is refused; then nothing has changed */
export const transact = (state: State, write: Write): Written => {
  const refusal = refusalOf(state, write);
  if (refusal === 'repeated') return { repeated: true };
  if (refusal !== undefined) throw refusal;
  const { name, ...row } = write.claim;
  state.claims.set(name, row);
  for (const event of write.events) append(state, event);
  if (write.entry !== undefined) appendEntry(state, write.entry);
  write.effect();
  return { repeated: false };
};

/** Removes claims whose time to live has passed, as DynamoDB does. */
export const forgetClaims = (state: State, now: number): void => {
  for (const [name, { ttl }] of state.claims) if (ttl * SECOND <= now) state.claims.delete(name);
};
