// Store of requests for access in DynamoDB. It limits their number: 5 pending requests per recipient and patient, 100 pending requests per patient, and a
// number per recipient and hour (lib/domain/request.ts).
import { AppError } from '../../api/errors.ts';
import type { GrantId, IdentityId, RequestId } from '../../bytes/ids.ts';
import { requestLife, type RequestState } from '../../domain/life-cycles.ts';
import { nextRequestPace, type RequestPace as Pace } from '../../domain/request.ts';
import { HOUR, instantOf, SECOND } from '../../domain/time.ts';
import type { Payload, Statement } from '../../statements/kinds.ts';
import type { EventDraft } from '../../domain/audit-chain.ts';
import type { Call } from '../../ports/call.ts';
import type { Requests, StoredRequest, Written } from '../../ports/index.ts';
import { getItem, getItems, queryAll, type StoreContext } from './database.ts';
import { count, statementOf, text, texts, type Fields, type Item } from './item.ts';
import { mapPage, page } from './page.ts';
import { NORMAL, patiently } from '../retry.ts';
import { is, isAbove, isAbsent, isAbsentOrAtMost, type Refusal, type Step } from './conditional-writes.ts';
import {
  endedBy,
  endingAfter,
  EVERYTHING,
  paceKey,
  PATIENT_SLOTS,
  patientSlotKey,
  patientSlotsPk,
  requestIndexes,
  requestKey,
  requestsOf,
  SHAPES,
  SLOTS,
  slotKey,
  startingWith,
  type Key,
  type Span,
} from './table.ts';
import { effectOf, type Write, type Writer } from './transactional-writer.ts';

const toRequest = (item: Item): StoredRequest => ({
  statement: statementOf('request', item),
  state: text<RequestState>(item, 'state'),
  until: count(item, 'until'),
  grants: texts<GrantId>(item, 'grants'),
});

const closed = () => new AppError('request-closed');

/** Makes the step that occupies a slot until the request ends. A free slot is kept with `until` 0, so the functions need no right to delete items. */
const takeSlot = (key: Key, p: Payload<'request'>, now: number, tooMany: () => AppError): Step => ({
  put: { ...key, request: p.request, until: p.until },
  when: [isAbsentOrAtMost('until', now, tooMany)],
});

const freeSlot = (key: Key, p: Payload<'request'>): Step => ({
  update: key,
  set: { until: 0 },
  // Normally the condition holds. It fails only if another server, whose clock is ahead, took this request for expired and gave its slot to another request.
  when: [is('request', p.request, closed)],
});

export interface Answering {
  readonly request: StoredRequest;
  readonly to: Exclude<RequestState, 'pending'>;
  readonly now: number;
  /** Further members to store in the request's item. */
  readonly set: Fields;
  /** The refusal if the request is no longer pending. */
  readonly otherwise?: (old: Item | undefined) => Refusal;
}

/** Makes the steps that answer a pending request before its end and free its slots. */
export const answerSteps = async (
  context: StoreContext,
  { request, to, now, set, otherwise = closed }: Answering,
): Promise<readonly Step[]> => {
  const { payload: p } = request.statement;
  const key = requestKey(p.request);
  const item = await getItem(context, key);
  const answered: Step = {
    update: key,
    set: { state: to, ...requestIndexes(p, to, request.until, p.request), ...set },
    when: [is('state', requestLife.deny.from, otherwise), isAbove('until', now, closed)],
  };
  if (item === undefined) return [answered];
  return [
    answered,
    freeSlot(slotKey(p.recipient, p.patient, count(item, 'slot')), p),
    freeSlot(patientSlotKey(p.patient, count(item, 'patientSlot')), p),
  ];
};

const spanOf = (state: RequestState | 'expired' | undefined, now: number): Span => {
  if (state === undefined) return EVERYTHING;
  if (state === 'pending') return endingAfter('pending', now);
  if (state === 'expired') return endedBy('pending', now);
  return startingWith(`${state}#`);
};

const requestItem = ({ payload: p, jws, hash }: Statement<'request'>, slot: number, patientSlot: number) => ({
  ...requestKey(p.request),
  ...requestIndexes(p, 'pending', p.until, p.request),
  jws,
  hash,
  state: 'pending',
  until: p.until,
  slot,
  patientSlot,
});

/** The state of the three limits on requests: the slots of recipient and patient, the slots of the patient, and the recipient's requests in this hour. */
interface Room {
  /** For each slot of this recipient with this patient, the time in ms at which it becomes free; 0 if it was never used or was freed. */
  readonly pair: readonly number[];
  /** The same times for the patient's slots, by number. Slots that were never used are missing. */
  readonly patient: ReadonlyMap<number, number>;
  readonly pace: Pace;
}

const roomFor = async (context: StoreContext, { recipient, patient }: Payload<'request'>): Promise<Room> => {
  const slots = Array.from({ length: SLOTS }, (_, n) => slotKey(recipient, patient, n));
  const [[pace, ...pair], taken] = await Promise.all([
    getItems(context, [paceKey(recipient), ...slots]),
    queryAll(context, { pk: patientSlotsPk(patient), span: EVERYTHING }),
  ]);
  return {
    pair: pair.map((item) => (item === undefined ? 0 : count(item, 'until'))),
    patient: new Map(taken.map((i) => [Number(text(i, 'sk')), count(i, 'until')])),
    pace: pace === undefined ? { hour: 0, made: 0 } : { hour: count(pace, 'hour'), made: count(pace, 'made') },
  };
};

/**
 * The number of the first free slot. If none is free, the result is 0: the write is tried even then, because it finds out whether the same request was stored
 * before.
 */
const freeIn = (ends: readonly number[], now: number): number =>
  Math.max(
    0,
    ends.findIndex((end) => end <= now),
  );

/** Makes the refusal for a taken slot or a full hour. @param free the time in ms when this slot or hour becomes free, as it was read before the write */
type Taken = (free: number) => () => AppError;

/**
 * Makes refusals, and remembers whether one of them was for a slot or hour that was free when it was read. Then `lost` returns true, and the caller tries
 * again.
 */
const takenAt = (now: number): { readonly taken: Taken; readonly lost: () => boolean } => {
  let lost = false;
  return {
    taken: (free) => () => {
      lost ||= free <= now;
      return new AppError('too-many', { retryAfter: Math.max(1, Math.ceil((free - now) / SECOND)) });
    },
    lost: () => lost,
  };
};

const paceStep = (recipient: IdentityId, { hour, made }: Pace, now: number, taken: Taken): Step => {
  const next = nextRequestPace({ hour, made }, instantOf(now));
  const otherwise = taken(next === undefined ? (hour + 1) * HOUR : 0);
  return {
    put: { ...paceKey(recipient), ...(next ?? { hour, made }) },
    when:
      hour === 0
        ? [isAbsent(otherwise)]
        : // If the hour is full, this condition always fails (-1). The transaction is sent nevertheless, because it recognises a request that was stored before.
          [is('hour', hour, otherwise), is('made', next === undefined ? -1 : made, otherwise)],
  };
};

export const makeRequests = (context: StoreContext, write: Writer): Requests => {
  /** Tries once to store the request. @returns undefined if another request was stored first and changed one of the limits */
  const createOnce = async (
    statement: Statement<'request'>,
    event: EventDraft,
    call: Call,
  ): Promise<Written | undefined> => {
    const { payload: p, hash } = statement;
    const { now } = call;
    const room = await roomFor(context, p);
    const slot = freeIn(room.pair, now);
    const ends = Array.from({ length: PATIENT_SLOTS }, (_, n) => room.patient.get(n) ?? 0);
    const patientSlot = freeIn(ends, now);
    const { taken, lost } = takenAt(now);
    const writing = write({
      steps: [
        {
          put: requestItem(statement, slot, patientSlot),
          when: [isAbsent(() => new AppError('already-exists'))],
          makes: hash,
        },
        takeSlot(slotKey(p.recipient, p.patient, slot), p, now, taken(Math.min(...room.pair))),
        takeSlot(patientSlotKey(p.patient, patientSlot), p, now, taken(Math.min(...ends))),
        paceStep(p.recipient, room.pace, now, taken),
      ],
      events: [{ draft: event, evidence: statement.jws }],
      ...effectOf(call),
    });
    return writing.catch((error: unknown) => {
      if (lost()) return undefined;
      throw error;
    });
  };

  const answer = async (
    { request, to, now, hash }: Pick<Answering, 'request' | 'to'> & { readonly now: number; readonly hash: string },
    written: Omit<Write, 'steps'>,
  ): Promise<Written> => {
    const steps = await answerSteps(context, {
      request,
      to,
      now,
      set: { answer: hash },
      otherwise: (old) => (old?.['answer'] === hash ? 'repeated' : closed()),
    });
    return write({ steps, ...written });
  };

  return {
    find: async (id: RequestId) => {
      const item = await getItem(context, requestKey(id));
      return item === undefined ? undefined : toRequest(item);
    },

    list: async (as, id, state, now, request) =>
      mapPage(
        await page(context, { ...requestsOf(as, id), span: spanOf(state, now) }, SHAPES.byState, request),
        toRequest,
      ),

    create: async (statement, event, call) => {
      const pause = patiently(context.waiting, NORMAL);
      for (;;) {
        const written = await createOnce(statement, event, call);
        if (written !== undefined) return written;
        await pause();
      }
    },

    deny: (request, denial, event, call) =>
      answer(
        { request, to: requestLife.deny.to, now: call.now, hash: denial.hash },
        { events: [{ draft: event, evidence: denial.jws }], ...effectOf(call) },
      ),

    withdraw: (request, withdrawal, event, call) =>
      answer(
        { request, to: requestLife.withdraw.to, now: call.now, hash: withdrawal.hash },
        { events: [{ draft: event, evidence: withdrawal.jws }], ...effectOf(call) },
      ),
  };
};
