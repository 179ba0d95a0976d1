// Items of a grant: reads them, and makes the steps that write and change them. A grant has a small state item, in which openings are counted,
// and a statement item, from which it is listed. A grant to read also has an item with its end, and one item per cell with a key fragment (key-fragments.ts).
import { AppError } from '../../api/errors.ts';
import type { GrantId, IdentityId } from '../../bytes/ids.ts';
import { livenessAt, RIGHT_FACTS, type GrantStatus } from '../../domain/grant.ts';
import { grantLife, type GrantState } from '../../domain/life-cycles.ts';
import type { Pace } from '../../domain/opening.ts';
import { instantOf } from '../../domain/time.ts';
import type { Right } from '../../statements/fields.ts';
import type { GrantCell, Statement } from '../../statements/kinds.ts';
import type { NewExtension, NewGrant, OpeningView, StoredGrant } from '../../ports/index.ts';
import { count, optionalCount, optionalText, statementOf, text, type Item } from './item.ts';
import { fragmentMember } from './key-fragments.ts';
import { is, isAbove, isAbsent, isAtMost, isOneOf, type Condition, type Step } from './conditional-writes.ts';
import {
  endIndex,
  endKey,
  grantCellIndex,
  grantCellKey,
  grantIndexes,
  grantKey,
  standingIndex,
  standingKey,
  stateKey,
} from './table.ts';

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

const toPace = (item: Item): Pace => ({ second: count(item, 'second'), count: count(item, 'inSecond') });

export const toGrant = (statement: Item | undefined, state: Item | undefined): StoredGrant | undefined => {
  if (statement === undefined || state === undefined) return undefined;
  const hash = optionalText(state, 'heldBy');
  return {
    statement: statementOf('grant', statement),
    status: toStatus(state),
    extended: { number: count(state, 'extensions'), hash: text(state, 'tip') },
    held: { number: count(state, 'holds'), ...(hash === undefined ? {} : { hash }) },
    pace: toPace(state),
  };
};

/** Reads from a grant's state item what an opening needs; undefined if the right of the grant does not open records. */
export const toOpenable = (item: Item): OpeningView['grant'] =>
  RIGHT_FACTS[text<Right>(item, 'right')].opensRecords
    ? {
        ...toStatus(item),
        patient: text<IdentityId>(item, 'patient'),
        recipient: text<IdentityId>(item, 'recipient'),
        receiving: text(item, 'receiving'),
        verifying: text(item, 'verifying'),
        pace: toPace(item),
      }
    : undefined;

/**
 * Makes a function that explains why DynamoDB refused a write because of a grant. The function gets the stored state of the grant, which DynamoDB returns with
 * the refusal, and returns the error.
 */
export const ended =
  (now: number) =>
  (old: Item | undefined): AppError => {
    if (old === undefined) return new AppError('not-found');
    const live = livenessAt(toStatus(old), instantOf(now));
    // The grant is live, so DynamoDB refused because fewer openings are left than the caller asked for.
    if (live.live) return new AppError('grant-ended', { reason: 'exhausted' });
    return live.reason === 'not-begun'
      ? new AppError('grant-not-begun', { serverTime: now })
      : new AppError('grant-ended', { reason: live.reason });
  };

/** Makes the conditions that the grant is live at `now`. They do not check how many openings are left. */
export const liveConditions = (now: number): readonly Condition[] => {
  const otherwise = ended(now);
  return [is('state', 'active', otherwise), isAtMost('notBefore', now, otherwise), isAbove('expires', now, otherwise)];
};

const exists = () => new AppError('already-exists');

const cellStep = (grant: GrantId, cell: GrantCell, fragment: string | undefined, extension?: string): Step => ({
  put: { ...grantCellKey(grant, cell), ...grantCellIndex(cell, grant), ...fragmentMember(fragment), extension },
  when: [isAbsent(exists)],
});

/** Makes the steps that write the cells of a grant with key fragments. Any other grant has no cell items, because it applies to its folder in every epoch. */
const cellsOf = ({ statement: { payload: p }, kfrags }: NewGrant): readonly Step[] =>
  RIGHT_FACTS[p.right].needsKeyFragments
    ? [
        { put: { ...endKey(p.grant), ...endIndex(p.patient, p.expires, p.grant) }, when: [] },
        ...(p.standing === undefined
          ? []
          : [{ put: { ...standingKey(p.grant), ...standingIndex(p.patient, p.expires, p.grant) }, when: [] }]),
        ...p.cells.map((cell, i) => cellStep(p.grant, cell, kfrags[i])),
      ]
    : [];

export const grantSteps = (grant: NewGrant): readonly Step[] => {
  const { payload: p, jws, hash } = grant.statement;
  return [
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
        receiving: p.receiving.key,
        verifying: grant.verifying,
        right: p.right,
        extensions: 0,
        tip: hash,
        holds: 0,
        second: 0,
        inSecond: 0,
      },
      when: [],
    },
    ...cellsOf(grant),
  ];
};

const outdated = () => new AppError('statement-outdated');

/**
 * Makes the steps that write one extension. An extension of one cell takes only two items, so that `MOST_CARRIED` extensions fit into the transaction that
 * makes the cell. The steps do not check that the cells exist: the use case checked it, or the same transaction makes the cell.
 */
export const extensionSteps = ({ statement: { payload: p, jws, hash }, kfrags }: NewExtension, now: number) => {
  const otherwise = (old: Item | undefined) => (old?.['tip'] === hash ? 'repeated' : outdated());
  const gone = ended(now);
  const chained: Step = {
    update: stateKey(p.grant),
    set: { extensions: p.number, tip: hash },
    when: [
      isOneOf('state', grantLife.revoke.from, gone),
      isAbove('expires', now, gone),
      is('extensions', p.number - 1, otherwise),
      is('tip', p.previous, otherwise),
    ],
  };
  return [chained, ...p.cells.map((cell, i) => cellStep(p.grant, cell, kfrags[i], i === 0 ? jws : undefined))];
};

/** Makes the step that puts the grant on the list of unsettled grants from `end` on. @param end ms since 1970 */
export const endStep = (patient: IdentityId, grant: GrantId, end: number): Step => ({
  update: endKey(grant),
  set: endIndex(patient, end, grant),
  when: [],
});

/** Makes the steps that end a grant. */
export const revokeSteps = ({ statement: { payload: p } }: StoredGrant, now: number): readonly Step[] => [
  {
    update: stateKey(p.grant),
    set: { state: grantLife.revoke.to },
    when: [
      isOneOf('state', grantLife.revoke.from, (old) => (old === undefined ? new AppError('not-found') : 'repeated')),
    ],
  },
  { update: grantKey(p.grant), set: grantIndexes(p, 'revoked', p.expires, p.grant), when: [] },
  ...(RIGHT_FACTS[p.right].needsKeyFragments ? [endStep(p.patient, p.grant, now)] : []),
  ...(p.standing === undefined ? [] : [{ update: standingKey(p.grant), remove: ['gsi1pk', 'gsi1sk'], when: [] }]),
];

export const holdSteps = (
  { statement: { payload: g } }: StoredGrant,
  { kind, payload: p, hash }: Statement<'pause'> | Statement<'resumption'>,
): readonly Step[] => {
  const { from, to } = kind === 'pause' ? grantLife.pause : grantLife.resume;
  const otherwise = (old: Item | undefined) => (old?.['heldBy'] === hash ? 'repeated' : outdated());
  return [
    {
      update: stateKey(p.grant),
      set: { state: to, holds: p.number, heldBy: hash },
      when: [is('state', from, otherwise), is('holds', p.number - 1, otherwise)],
    },
    { update: grantKey(p.grant), set: grantIndexes(g, to, g.expires, p.grant), when: [] },
  ];
};
