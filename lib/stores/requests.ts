// Requests, and the slots that keep one recipient from having more than five pending with one patient.
import { AppError } from '../api/errors.ts';
import type { GrantId, IdentityId, RequestId } from '../bytes/ids.ts';
import { requestLife, type RequestState } from '../domain/life.ts';
import { SECOND } from '../domain/time.ts';
import type { Payload, Statement } from '../statements/kinds.ts';
import { reloadStatement } from '../statements/verify.ts';
import type { EventDraft } from '../domain/audit.ts';
import type { Call } from '../usecases/call.ts';
import type { Requests, StoredRequest, Written } from '../usecases/ports.ts';
import { getItem, getItems, type StoreContext } from './database.ts';
import { count, text, texts, type Fields, type Item } from './item.ts';
import { mapPage, page } from './page.ts';
import { is, isAbove, isAbsent, isAbsentOrAtMost, type Refusal, type Step } from './steps.ts';
import {
  endedBy,
  endingAfter,
  EVERYTHING,
  requestIndexes,
  requestKey,
  requestsOf,
  SHAPES,
  SLOTS,
  slotKey,
  startingWith,
  type Span,
} from './table.ts';
import { nonceClaim, type Writer } from './transact.ts';

const toRequest = (item: Item): StoredRequest => ({
  statement: reloadStatement('request', text(item, 'jws')),
  state: text<RequestState>(item, 'state'),
  until: count(item, 'until'),
  grants: texts<GrantId>(item, 'grants'),
});

const closed = () => new AppError('request-closed');

/** The slot is free from `until` 0 on, so that giving it back needs no right to delete. */
const takeSlot = (p: Payload<'request'>, slot: number, now: number, tooMany: () => AppError): Step => ({
  put: { ...slotKey(p.recipient, p.patient, slot), request: p.request, until: p.until },
  when: [isAbsentOrAtMost('until', now, tooMany)],
});

export interface Answering {
  readonly request: StoredRequest;
  readonly to: Exclude<RequestState, 'pending'>;
  readonly now: number;
  /** Members that come with the answer. */
  readonly set: Fields;
  /** What it is when the request is not pending any more. */
  readonly otherwise?: (old: Item | undefined) => Refusal;
}

/** Steps by which a pending request is answered, before its end, and gives its slot back. */
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
  const freed: Step = {
    update: slotKey(p.recipient, p.patient, count(item, 'slot')),
    set: { until: 0 },
    // Somebody else has it only where the request had lapsed by another server's clock.
    when: [is('request', p.request, closed)],
  };
  return [answered, freed];
};

const spanOf = (state: RequestState | 'expired' | undefined, now: number): Span => {
  if (state === undefined) return EVERYTHING;
  if (state === 'pending') return endingAfter('pending', now);
  if (state === 'expired') return endedBy('pending', now);
  return startingWith(`${state}#`);
};

const requestItem = ({ payload: p, jws, hash }: Statement<'request'>, slot: number) => ({
  ...requestKey(p.request),
  ...requestIndexes(p, 'pending', p.until, p.request),
  jws,
  hash,
  state: 'pending',
  until: p.until,
  slot,
});

/** A slot that was taken while we chose it; there may be others. */
const isSlotLost = (error: unknown): boolean => error instanceof AppError && error.code === 'too-many';

export const makeRequests = (context: StoreContext, write: Writer): Requests => {
  /** The ends of the slots, 0 where one is free. */
  const slotEnds = async (recipient: IdentityId, patient: IdentityId): Promise<readonly number[]> => {
    const keys = Array.from({ length: SLOTS }, (_, n) => slotKey(recipient, patient, n));
    return (await getItems(context, keys)).map((item) => (item === undefined ? 0 : count(item, 'until')));
  };

  const createOnce = async (statement: Statement<'request'>, event: EventDraft, call: Call): Promise<Written> => {
    const { payload: p, hash } = statement;
    const ends = await slotEnds(p.recipient, p.patient);
    const retryAfter = Math.max(1, Math.ceil((Math.min(...ends) - call.now) / SECOND));
    const free = ends.findIndex((end) => end <= call.now);
    // Even without a free slot: the same request again is a repetition, and says so.
    const slot = Math.max(free, 0);
    return write({
      steps: [
        { put: requestItem(statement, slot), when: [isAbsent(() => new AppError('already-exists'))], makes: hash },
        takeSlot(p, slot, call.now, () => new AppError('too-many', { retryAfter })),
      ],
      events: [{ draft: event }],
      claim: nonceClaim(call),
    });
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
      for (let lost = 0; ; lost++)
        try {
          return await createOnce(statement, event, call);
        } catch (error) {
          if (!isSlotLost(error) || lost >= SLOTS) throw error;
        }
    },

    deny: async (request, denial, event, call) => {
      const steps = await answerSteps(context, {
        request,
        to: requestLife.deny.to,
        now: call.now,
        set: { answer: denial.hash },
        otherwise: (old) => (old?.['answer'] === denial.hash ? 'repeated' : closed()),
      });
      return write({ steps, events: [{ draft: event, evidence: denial.jws }], claim: nonceClaim(call) });
    },
  };
};
