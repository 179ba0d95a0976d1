// Requests, and the five places that one recipient has with one patient.
import { AppError } from '../../../lib/api/errors.ts';
import type { IdentityId } from '../../../lib/bytes/ids.ts';
import type { RequestState } from '../../../lib/domain/life.ts';
import { SECOND } from '../../../lib/domain/time.ts';
import type { Requests, StoredRequest } from '../../../lib/usecases/ports.ts';
import { mapPage, pageOf, type Placed } from './page.ts';
import { ms, type RequestRow, type SlotRow, type State } from './state.ts';
import type { Steps } from './steps.ts';
import { nonceClaim, transact, unless, type Refusal } from './transaction.ts';

const SLOTS = 5;
export const BY_STATE = /^[a-z]+#\d{13}#[a-z2-7]{26}$/;

const slotsName = ({ recipient, patient }: { readonly recipient: IdentityId; readonly patient: IdentityId }): string =>
  `${recipient}#${patient}`;

const toRequest = ({ statement, state, until, grants }: RequestRow): StoredRequest => ({
  statement,
  state,
  until,
  grants,
});

/** Whether something whose end is derived is listed under a state: `pending` and `active` end, and are `expired` from then on. */
export const isListedAs = (
  asked: string | undefined,
  { state, end, ends }: { readonly state: string; readonly end: number; readonly ends: string },
  now: number,
): boolean => {
  if (asked === undefined) return true;
  if (asked === 'expired') return state === ends && end <= now;
  return state === asked && (state !== ends || end > now);
};

export interface Answer {
  readonly request: StoredRequest;
  readonly now: number;
  readonly change: Partial<RequestRow> & { readonly state: RequestState };
  /** What it is when the request is not pending any more. */
  readonly otherwise?: (row: RequestRow | undefined) => Refusal;
}

const closed = (): AppError => new AppError('request-closed');

/** A pending request is answered before its end, and gives its place back. */
export const answering = (state: State, { request, now, change, otherwise = closed }: Answer) => {
  const { payload } = request.statement;
  const row = state.requests.get(payload.request);
  const name = slotsName(payload);
  const slots = state.slots.get(name) ?? [];
  return {
    conditions: [
      unless(row?.state === 'pending', otherwise(row)),
      unless(row !== undefined && row.until > now, closed()),
      unless(row !== undefined && slots[row.slot]?.request === payload.request, closed()),
    ],
    effect: (): void => {
      if (row === undefined) return;
      state.requests.set(payload.request, { ...row, ...change });
      state.slots.set(name, slots.with(row.slot, { request: payload.request, until: 0 }));
    },
  };
};

export const requestSteps = (state: State): Steps<Requests> => ({
  find: (id) => {
    const row = state.requests.get(id);
    return row === undefined ? undefined : toRequest(row);
  },

  list: (as, id, asked, now, request) => {
    const rows = [...state.requests.values()].filter(
      (r) => r.statement.payload[as] === id && isListedAs(asked, { ...r, end: r.until, ends: 'pending' }, now),
    );
    const placed = rows.map((r): Placed<RequestRow> => [`${r.state}#${ms(r.until)}#${r.statement.payload.request}`, r]);
    return mapPage(pageOf(placed, BY_STATE, request), toRequest);
  },

  create: (statement, event, call) => {
    const { request, until } = statement.payload;
    const stored = state.requests.get(request)?.statement;
    const name = slotsName(statement.payload);
    const slots = state.slots.get(name) ?? Array<SlotRow | undefined>(SLOTS).fill(undefined);
    const ends = slots.map((slot) => slot?.until ?? 0);
    const slot = ends.findIndex((end) => end <= call.now);
    const retryAfter = Math.max(1, Math.ceil((Math.min(...ends) - call.now) / SECOND));
    return transact(state, {
      claim: nonceClaim(call),
      makes: [[statement, stored]],
      conditions: [
        unless(stored === undefined, new AppError('already-exists')),
        unless(slot >= 0, new AppError('too-many', { retryAfter })),
      ],
      events: [{ draft: event }],
      effect: () => {
        state.requests.set(request, { statement, state: 'pending', until, grants: [], slot });
        state.slots.set(name, slots.with(slot, { request, until }));
      },
    });
  },

  deny: (request, denial, event, call) => {
    const { conditions, effect } = answering(state, {
      request,
      now: call.now,
      change: { state: 'denied', denial: denial.hash },
      otherwise: (row) => (row?.denial === denial.hash ? 'repeated' : closed()),
    });
    return transact(state, {
      claim: nonceClaim(call),
      conditions,
      events: [{ draft: event, evidence: denial.jws }],
      effect,
    });
  },
});
