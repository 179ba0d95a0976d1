// In-memory port of requests, and of their limits: five slots for each recipient and patient together, a hundred slots for each patient, and a number of
// requests in an hour for each recipient.
import { AppError } from '../../../lib/api/errors.ts';
import type { IdentityId } from '../../../lib/bytes/ids.ts';
import type { RequestState } from '../../../lib/domain/life-cycles.ts';
import type { EventDraft } from '../../../lib/domain/audit-chain.ts';
import { nextRequestPace } from '../../../lib/domain/request.ts';
import { HOUR, SECOND } from '../../../lib/domain/time.ts';
import type { Statement } from '../../../lib/statements/kinds.ts';
import type { Call } from '../../../lib/ports/call.ts';
import type { Requests, StoredRequest } from '../../../lib/ports/index.ts';
import { mapPage, pageOf, type Placed } from './page.ts';
import { ms, type RequestRow, type SlotRow, type State } from './state.ts';
import type { Steps } from './steps.ts';
import { effectOf, transact, unless, type Refusal } from './transaction.ts';

const SLOTS = 5;
const PATIENT_SLOTS = 100;
export const BY_STATE = /^[a-z]+#\d{13}#[a-z2-7]{26}$/;

const slotsName = ({ recipient, patient }: { readonly recipient: IdentityId; readonly patient: IdentityId }): string =>
  `${recipient}#${patient}`;

const toRequest = ({ statement, state, until, grants }: RequestRow): StoredRequest => ({
  statement,
  state,
  until,
  grants,
});

/** Whether the list of the state `asked` contains a row. From the time `end` on, a row whose state is in `ends` is listed as `expired` instead. */
export const isListedAs = (
  asked: string | undefined,
  { state, end, ends }: { readonly state: string; readonly end: number; readonly ends: readonly string[] },
  now: number,
): boolean => {
  if (asked === undefined) return true;
  if (asked === 'expired') return ends.includes(state) && end <= now;
  return state === asked && (!ends.includes(state) || end > now);
};

export interface Answer {
  readonly request: StoredRequest;
  readonly now: number;
  readonly change: Partial<RequestRow> & { readonly state: RequestState };
  /** Makes the refusal if the request is no longer pending. */
  readonly otherwise?: (row: RequestRow | undefined) => Refusal;
}

const closed = (): AppError => new AppError('request-closed');

/** Makes the conditions and the change for an answer: the request must be pending and not at its end, and its slots become free. */
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
      const all = state.patientSlots.get(payload.patient) ?? [];
      state.patientSlots.set(payload.patient, all.with(row.patientSlot, { request: payload.request, until: 0 }));
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
      (r) => r.statement.payload[as] === id && isListedAs(asked, { ...r, end: r.until, ends: ['pending'] }, now),
    );
    const placed = rows.map((r): Placed<RequestRow> => [`${r.state}#${ms(r.until)}#${r.statement.payload.request}`, r]);
    return mapPage(pageOf(placed, BY_STATE, request), toRequest);
  },

  create: (statement, event, call) => {
    const { request, until, patient, recipient } = statement.payload;
    const stored = state.requests.get(request)?.statement;
    const name = slotsName(statement.payload);
    const pair = room(state.slots.get(name), SLOTS, call.now);
    const ofPatient = room(state.patientSlots.get(patient), PATIENT_SLOTS, call.now);
    const pace = state.paces.get(recipient) ?? { hour: 0, made: 0 };
    const next = nextRequestPace(pace, call.now);
    return transact(state, {
      ...effectOf(call),
      makes: [[statement, stored]],
      conditions: [
        unless(stored === undefined, new AppError('already-exists')),
        unless(pair.free >= 0, tooMany(pair.next, call.now)),
        unless(ofPatient.free >= 0, tooMany(ofPatient.next, call.now)),
        unless(next !== undefined, tooMany((pace.hour + 1) * HOUR, call.now)),
      ],
      events: [{ draft: event, evidence: statement.jws }],
      effect: () => {
        const [slot, patientSlot] = [pair.free, ofPatient.free];
        state.requests.set(request, { statement, state: 'pending', until, grants: [], slot, patientSlot });
        state.slots.set(name, pair.slots.with(slot, { request, until }));
        state.patientSlots.set(patient, ofPatient.slots.with(patientSlot, { request, until }));
        if (next !== undefined) state.paces.set(recipient, next);
      },
    });
  },

  deny: (request, denial, event, call) => ending(state, { request, statement: denial, to: 'denied' }, event, call),

  withdraw: (request, withdrawal, event, call) =>
    ending(state, { request, statement: withdrawal, to: 'withdrawn' }, event, call),
});

/** Returns the slots, the number of the first free one (-1 if none is free), and the time when the next one becomes free. */
const room = (taken: readonly (SlotRow | undefined)[] | undefined, size: number, now: number) => {
  const slots = taken ?? Array<SlotRow | undefined>(size).fill(undefined);
  const ends = slots.map((slot) => slot?.until ?? 0);
  return { slots, free: ends.findIndex((end) => end <= now), next: Math.min(...ends) };
};

const tooMany = (next: number, now: number): AppError =>
  new AppError('too-many', { retryAfter: Math.max(1, Math.ceil((next - now) / SECOND)) });

interface Ending {
  readonly request: StoredRequest;
  readonly statement: Statement<'denial'> | Statement<'withdrawal'>;
  readonly to: 'denied' | 'withdrawn';
}

const ending = (state: State, { request, statement, to }: Ending, event: EventDraft, call: Call) => {
  const { conditions, effect } = answering(state, {
    request,
    now: call.now,
    change: { state: to, answer: statement.hash },
    otherwise: (row) => (row?.answer === statement.hash ? 'repeated' : closed()),
  });
  return transact(state, {
    ...effectOf(call),
    conditions,
    events: [{ draft: event, evidence: statement.jws }],
    effect,
  });
};
