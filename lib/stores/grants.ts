// Grants: a small state that openings count on, the statement that is listed, and one item per cell with its key fragment.
import { AppError } from '../api/errors.ts';
import { livenessAt, type GrantStatus } from '../domain/grant.ts';
import { grantLife, requestLife, type GrantState } from '../domain/life.ts';
import { instantOf } from '../domain/time.ts';
import { reloadStatement } from '../statements/verify.ts';
import type { Grants, NewGrant, StoredGrant } from '../usecases/ports.ts';
import { getItems, type StoreContext } from './database.ts';
import { count, optionalCount, text, type Item } from './item.ts';
import { page } from './page.ts';
import { answerSteps } from './requests.ts';
import { URGENT } from './retry.ts';
import { is, isAbove, isAbsent, isAtMost, type Condition, type Step } from './steps.ts';
import {
  endedBy,
  endingAfter,
  EVERYTHING,
  grantCellIndex,
  grantCellKey,
  grantIndexes,
  grantKey,
  grantsOf,
  SHAPES,
  startingWith,
  stateKey,
  type Key,
  type Span,
} from './table.ts';
import { nonceClaim, type Writer } from './transact.ts';

export const toStatus = (item: Item): GrantStatus => {
  const limit = optionalCount(item, 'limit');
  return {
    state: text<GrantState>(item, 'state'),
    notBefore: count(item, 'notBefore'),
    expires: count(item, 'expires'),
    ...(limit === undefined ? {} : { limit }),
    used: count(item, 'used'),
  };
};

const toGrant = (statement: Item | undefined, state: Item | undefined): StoredGrant | undefined =>
  statement === undefined || state === undefined
    ? undefined
    : { statement: reloadStatement('grant', text(statement, 'jws')), status: toStatus(state) };

/** Why an opening of `n` records did not find the grant as it must be, from the state that came back. */
const ended =
  (now: number) =>
  (old: Item | undefined): AppError => {
    if (old === undefined) return new AppError('not-found');
    const live = livenessAt(toStatus(old), instantOf(now));
    // Live, and refused: there was not room for all.
    if (live.live) return new AppError('grant-ended', { reason: 'exhausted' });
    return live.reason === 'not-begun'
      ? new AppError('grant-not-begun')
      : new AppError('grant-ended', { reason: live.reason });
  };

/** The grant gives, now, `records` more. `limit` never changes, so what may have been used before can be said as a number. */
export const countStep = (
  grant: Parameters<typeof stateKey>[0],
  { limit }: Pick<GrantStatus, 'limit'>,
  records: number,
  now: number,
): Step => {
  const otherwise = ended(now);
  const room: readonly Condition[] = limit === undefined ? [] : [isAtMost('used', limit - records, otherwise)];
  return {
    update: stateKey(grant),
    add: { used: records },
    when: [
      is('state', grantLife.revoke.from, otherwise),
      isAtMost('notBefore', now, otherwise),
      isAbove('expires', now, otherwise),
      ...room,
    ],
  };
};

const exists = () => new AppError('already-exists');

const grantSteps = ({ statement: { payload: p, jws, hash }, kfrags }: NewGrant): readonly Step[] => [
  {
    put: { ...grantKey(p.grant), ...grantIndexes(p, 'active', p.expires, p.grant), jws, hash },
    when: [isAbsent(exists)],
    makes: hash,
  },
  {
    put: {
      ...stateKey(p.grant),
      state: 'active',
      notBefore: p.notBefore,
      expires: p.expires,
      limit: p.openings,
      used: 0,
      patient: p.patient,
      recipient: p.recipient,
      right: p.right,
    },
    when: [],
  },
  ...p.cells.map((cell, i): Step => ({
    put: { ...grantCellKey(p.grant, cell), ...grantCellIndex(cell, p.grant), kfrag: kfrags[i] },
    when: [],
  })),
];

const revokeSteps = ({ statement: { payload: p } }: StoredGrant): readonly Step[] => [
  {
    update: stateKey(p.grant),
    set: { state: grantLife.revoke.to },
    when: [is('state', grantLife.revoke.from, (old) => (old === undefined ? new AppError('not-found') : 'repeated'))],
  },
  { update: grantKey(p.grant), set: grantIndexes(p, 'revoked', p.expires, p.grant), when: [] },
  ...p.cells.map((cell): Step => ({ delete: grantCellKey(p.grant, cell), when: [] })),
];

const spanOf = (state: 'active' | 'expired' | 'revoked' | undefined, now: number): Span => {
  if (state === undefined) return EVERYTHING;
  if (state === 'active') return endingAfter('active', now);
  return state === 'expired' ? endedBy('active', now) : startingWith('revoked#');
};

const stateOf = (grant: Item): Key => ({ pk: text(grant, 'pk'), sk: 'STATE' });

export const makeGrants = (context: StoreContext, write: Writer): Grants => ({
  find: async (id) => {
    const [statement, state] = await getItems(context, [grantKey(id), stateKey(id)]);
    return toGrant(statement, state);
  },

  // The index says which grants there are; what each gives now is read consistently.
  list: async (as, id, state, now, request) => {
    const asked = { ...grantsOf(as, id), span: spanOf(state, now) };
    const listed = await page(context, asked, SHAPES.byState, request);
    const states = await getItems(context, listed.items.map(stateOf));
    const grants = listed.items.map((item, i) => toGrant(item, states[i]));
    return { ...listed, items: grants.filter((g) => g !== undefined) };
  },

  create: async (grants, answers, events, call) => {
    const steps = grants.flatMap(grantSteps);
    const answering =
      answers === undefined
        ? []
        : await answerSteps(context, {
            request: answers,
            to: requestLife.approve.to,
            now: call.now,
            set: { grants: grants.map((g) => g.statement.payload.grant) },
          });
    return write({
      steps: [...steps, ...answering],
      events: events.map((draft) => ({ draft })),
      claim: nonceClaim(call),
    });
  },

  revoke: (grant, revocation, event, call) =>
    write({
      steps: revokeSteps(grant),
      events: [{ draft: event, evidence: revocation.jws }],
      claim: nonceClaim(call),
      patience: URGENT,
    }),
});
