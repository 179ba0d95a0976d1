// Store of openings in DynamoDB: reads what an opening needs, and counts the opening. This is the most frequent write. The keys of all items follow from the
// opening statement, so three BatchGets, sent at once, read everything. Then one transaction counts the opening, writes its event, and claims its id.
import { AppError } from '../../api/errors.ts';
import type { GrantId } from '../../bytes/ids.ts';
import type { Payload, Statement } from '../../statements/kinds.ts';
import type { Openings, OpeningView } from '../../ports/index.ts';
import type { Claim } from './cancellation.ts';
import { leavesRoomFor, livenessAt } from '../../domain/grant.ts';
import type { Heads } from '../../domain/statement-chain.ts';
import { nextPace } from '../../domain/opening.ts';
import type { Call } from '../../ports/call.ts';
import { is, type Step } from './conditional-writes.ts';
import { getItem, getItems, getItemsOf, type StoreContext } from './database.ts';
import { toCell } from './folders.ts';
import { ended, endStep, liveConditions, toOpenable } from './grant-items.ts';
import { toIdentity } from './identities.ts';
import { count, text, type Item } from './item.ts';
import { fragmentKey, toKeyFragment } from './key-fragments.ts';
import { toVersion, toWrap } from './record-items.ts';
import { cellKey, claimPk, headKey, identityKey, stateKey, versionKey, wrapKey, type Key } from './table.ts';
import { headOf, ttlOf, type Writer } from './transactional-writer.ts';

const claimOf = ({ payload, hash }: Statement<'opening'>, at: number): Claim => ({
  pk: claimPk(payload.opener, payload.opening),
  ttl: ttlOf(at),
  opening: { statement: hash, at },
});

const found = <T>(item: Item | undefined, read: (item: Item) => T): T | undefined =>
  item === undefined ? undefined : read(item);

/** The keys of an opening. This file always uses this order, for keys and for items: identity, cell, head, state, key fragment, claim. */
const keysOf = ({ tables }: StoreContext, p: Payload<'opening'>) => {
  const inMain = (key: Key) => ({ table: tables.main, key });
  return [
    inMain(identityKey(p.opener)),
    inMain(cellKey(p)),
    inMain(headKey(p.patient)),
    p.grant === undefined ? undefined : inMain(stateKey(p.grant)),
    p.grant === undefined ? undefined : inMain(fragmentKey(p.grant, p)),
    { table: tables.nonces, key: { pk: claimPk(p.opener, p.opening) } },
  ];
};

/**
 * Reads the state of the grant again for an opening whose key fragment is missing. DynamoDB reads each item of a BatchGet at a moment of its own, so a
 * revocation between these moments deletes the fragment of a grant whose state was read as active. The opener must get the reason of the end.
 */
const stateNow = (context: StoreContext, { grant }: Payload<'opening'>, state: Item | undefined) =>
  grant === undefined || state === undefined ? state : getItem(context, stateKey(grant));

export const makeOpenings = (context: StoreContext, write: Writer): Openings => ({
  read: async ({ payload: p }) => {
    const [[caller, cell, head, state, fragment, claim], versions, wraps] = await Promise.all([
      getItemsOf(context, keysOf(context, p)),
      getItems(
        context,
        p.records.map((r) => versionKey(r.record, r.version)),
      ),
      getItems(
        context,
        p.records.map((r) => wrapKey(r.record, r.version, p)),
      ),
    ]);
    const keyFragment = found(fragment, toKeyFragment);
    return {
      caller: found(caller, toIdentity),
      grant: found(keyFragment === undefined ? await stateNow(context, p, state) : state, toOpenable),
      keyFragment,
      cell: found(cell, toCell),
      head: headOf(head),
      versions: versions.map((v) => found(v, toVersion)),
      wraps: wraps.map((w) => found(w, toWrap)),
      claim: found(claim, (item) => ({ statement: text(item, 'statement'), at: count(item, 'at') })),
    };
  },

  record: async (opening, seen, event, call) => {
    const writeOf = (steps: readonly Step[], head?: Heads) =>
      write({
        steps,
        events: [{ draft: event, evidence: opening.jws }],
        claim: claimOf(opening, call.now),
        ...(head === undefined ? {} : { head }),
      });
    const { grant } = opening.payload;
    if (grant === undefined) return writeOf([], seen.head);
    // The code below checks the limit of the grant in the state that was read. Without a state it cannot check this limit, so it refuses the opening.
    if (seen.grant === undefined) throw new AppError('not-found');
    for (let state: Openable = seen.grant, first = true; ; first = false) {
      const count = countSteps(opening.payload, grant, state, call);
      try {
        return await writeOf(count.steps, first ? seen.head : undefined);
      } catch (error) {
        const now = count.moved();
        if (now === undefined) throw error;
        state = now;
      }
    }
  },
});

type Openable = NonNullable<OpeningView['grant']>;

/**
 * Makes the steps that count the opening, on condition that the count is still the one in `state`. If another opening changed the count, `moved` returns the
 * new state, and the caller tries again with it. So this code knows when an opening uses up the grant, and then also puts the grant on the list of ended
 * grants.
 * @throws {AppError} `grant-ended`, `too-many`
 */
const countSteps = (p: Payload<'opening'>, grant: GrantId, state: Openable, { now }: Call) => {
  const n = p.records.length;
  const pace = nextPace(state.pace, now);
  if (pace === undefined) throw new AppError('too-many', { retryAfter: 1 });
  if (!leavesRoomFor(state, n)) throw new AppError('grant-ended', { reason: 'exhausted' });
  let back: Openable | undefined;
  const otherwise = (old: Item | undefined): AppError => {
    const open = old === undefined ? undefined : toOpenable(old);
    if (open !== undefined && livenessAt(open, now).live) back = open;
    return ended(now)(old);
  };
  const counted: Step = {
    update: stateKey(grant),
    set: { second: pace.second, inSecond: pace.count },
    add: { used: n },
    when: [
      ...liveConditions(now),
      is('used', state.used, otherwise),
      is('second', state.pace.second, otherwise),
      is('inSecond', state.pace.count, otherwise),
    ],
  };
  const last = state.limit !== undefined && state.used + n === state.limit;
  return { steps: last ? [counted, endStep(p.patient, grant, now)] : [counted], moved: () => back };
};
