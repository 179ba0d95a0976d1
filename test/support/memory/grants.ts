// In-memory port of grants, and of the openings that are counted on them.
import { AppError } from '../../../lib/api/errors.ts';
import type { GrantId } from '../../../lib/bytes/ids.ts';
import { leavesRoomFor, livenessAt, RIGHT_FACTS, type GrantStatus } from '../../../lib/domain/grant.ts';
import { nextPace } from '../../../lib/domain/opening.ts';
import type { Instant } from '../../../lib/domain/time.ts';
import type {
  GrantedCell,
  Grants,
  NewGrant,
  OpeningView,
  Openings,
  StoredGrant,
  StoredKeyFragment,
} from '../../../lib/ports/index.ts';
import { extending } from './grant-extensions.ts';
import { keyFragmentSteps, withoutFirst } from './key-fragments.ts';
import { mapPage, pageOf, type Placed } from './page.ts';
import { answering, BY_STATE, isListedAs } from './requests.ts';
import { cellText, ms, ordinal, type GrantRow, type State } from './state.ts';
import type { Steps } from './steps.ts';
import { claimName, headOf, effectOf, openingClaim, transact, unless, type Refusal } from './transaction.ts';

const toGrant = ({ statement, status, extended, held, pace }: GrantRow): StoredGrant => ({
  statement,
  status,
  extended,
  held,
  pace,
});

const rowOf = ({ statement, kfrags, verifying }: NewGrant): GrantRow => {
  const { notBefore, expires, openings, cells, right } = statement.payload;
  const limit = openings === undefined ? {} : { limit: openings };
  const { needsKeyFragments } = RIGHT_FACTS[right];
  const named = needsKeyFragments ? cells : [];
  return {
    statement,
    status: { state: 'active', notBefore, expires, ...limit, used: 0 },
    extended: { number: 0, hash: statement.hash },
    held: { number: 0 },
    cells: new Map(named.map((c) => [cellText(c), { folder: c.folder, epoch: c.epoch }])),
    verifying,
    kfrags: new Map(named.map((cell, i) => [cellText(cell), kfrags[i]! as StoredKeyFragment])),
    ...(needsKeyFragments ? { end: expires } : {}),
    pace: { second: 0, count: 0 },
  };
};

const END = /^\d{13}#[a-z2-7]{26}$/;
const CELL = /^C#[a-z2-7]{26}#\d{10}$/;
const OF_CELL = /^\d{10}#[a-z2-7]{26}$/;

export const grantSteps = (state: State): Steps<Grants> => ({
  find: (id) => {
    const row = state.grants.get(id);
    return row === undefined ? undefined : toGrant(row);
  },

  list: (as, id, asked, now, request) => {
    const rows = [...state.grants.values()].filter(
      ({ statement, status }) =>
        statement.payload[as] === id &&
        isListedAs(asked, { ...status, end: status.expires, ends: ['active', 'paused'] }, now),
    );
    const placed = rows.map((r): Placed<GrantRow> => {
      const { state: is, expires } = r.status;
      return [`${is}#${ms(expires)}#${r.statement.payload.grant}`, r];
    });
    return mapPage(pageOf(placed, BY_STATE, request), toGrant);
  },

  cells: (id, request) => {
    const cells = [...(state.grants.get(id)?.cells.values() ?? [])];
    return pageOf(
      cells.map((c): Placed<GrantedCell> => [`C#${c.folder}#${ordinal(c.epoch)}`, c]),
      CELL,
      request,
    );
  },

  cellsOf: (id, folder) =>
    [...(state.grants.get(id)?.cells.values() ?? [])]
      .filter((c) => c.folder === folder)
      .sort((a, b) => a.epoch - b.epoch),

  holds: (id, cells) => cells.map((c) => state.grants.get(id)?.cells.has(cellText(c)) === true),

  ofCell: (cell, request) => {
    const rows = [...state.grants.values()].filter((r) => r.cells.has(cellText(cell)));
    const placed = rows.map((r): Placed<GrantRow> => [`${ordinal(cell.epoch)}#${r.statement.payload.grant}`, r]);
    return mapPage(pageOf(placed, OF_CELL, request), toGrant);
  },

  unsettled: (patient, now, request) => {
    const rows = [...state.grants.values()].filter(
      (r) => r.statement.payload.patient === patient && r.end !== undefined && r.end <= now,
    );
    return mapPage(pageOf(rows.map(byEnd), END, request), toGrant);
  },

  standing: (patient, now, request) => {
    const rows = [...state.grants.values()].filter(
      ({ statement: { payload: p }, status }) =>
        p.patient === patient && p.standing !== undefined && status.state !== 'revoked' && p.expires > now,
    );
    const placed = rows.map((r): Placed<GrantRow> => [`${ms(r.status.expires)}#${r.statement.payload.grant}`, r]);
    return mapPage(pageOf(placed, END, request), toGrant);
  },

  settle: ({ statement: { payload } }, call) => {
    const row = state.grants.get(payload.grant);
    return transact(state, {
      ...effectOf(call),
      conditions: [],
      events: [],
      effect: () => {
        if (row === undefined) return;
        const { end: _end, ...settled } = row;
        state.grants.set(payload.grant, settled);
      },
    });
  },

  settleLater: ({ statement: { payload } }, until, call) => {
    const row = state.grants.get(payload.grant);
    return transact(state, {
      ...effectOf(call),
      conditions: [],
      events: [],
      effect: () => {
        if (row !== undefined) state.grants.set(payload.grant, { ...row, end: until });
      },
    });
  },

  extend: (extension, event, call) => {
    const { conditions, effect } = extending(state, extension, call.now);
    return transact(state, { ...effectOf(call), conditions, events: [{ draft: event }], effect });
  },

  hold: ({ statement: { payload } }, { kind, payload: p, hash, jws }, event, call) => {
    const row = state.grants.get(payload.grant);
    const [from, to] = kind === 'pause' ? (['active', 'paused'] as const) : (['paused', 'active'] as const);
    const otherwise = row?.held.hash === hash ? 'repeated' : new AppError('statement-outdated');
    return transact(state, {
      ...effectOf(call),
      conditions: [unless(row?.status.state === from && row.held.number === p.number - 1, otherwise)],
      events: [{ draft: event, evidence: jws }],
      effect: () => {
        if (row === undefined) return;
        const held = { number: p.number, hash };
        state.grants.set(payload.grant, { ...row, held, status: { ...row.status, state: to } });
      },
    });
  },

  create: (grants, answers, events, call) => {
    const rows = grants.map(rowOf);
    const ids = rows.map((r) => r.statement.payload.grant);
    const stored = ids.map((id) => state.grants.get(id)?.statement);
    const change = { state: 'approved', grants: ids } as const;
    const answer = answers === undefined ? undefined : answering(state, { request: answers, now: call.now, change });
    return transact(state, {
      ...effectOf(call),
      makes: rows.map((r, i) => [r.statement, stored[i]]),
      conditions: [
        ...stored.map((s) => unless(s === undefined, new AppError('already-exists'))),
        ...(answer?.conditions ?? []),
      ],
      events: events.map((draft) => ({ draft })),
      effect: () => {
        for (const row of rows) state.grants.set(row.statement.payload.grant, row);
        answer?.effect();
      },
    });
  },

  revoke: ({ statement: { payload } }, ending, event, call) => {
    const row = state.grants.get(payload.grant);
    return transact(state, {
      ...effectOf(call),
      conditions: [
        unless(
          row !== undefined && row.status.state !== 'revoked',
          row === undefined ? new AppError('not-found') : 'repeated',
        ),
      ],
      events: [{ draft: event, evidence: ending.jws }],
      effect: () => {
        if (row === undefined) return;
        state.grants.set(payload.grant, {
          ...row,
          status: { ...row.status, state: 'revoked' },
          kfrags: withoutFirst(row),
          ...(RIGHT_FACTS[payload.right].needsKeyFragments ? { end: call.now } : {}),
        });
      },
    });
  },
});

const byEnd = (row: GrantRow): Placed<GrantRow> => [`${ms(row.end!)}#${row.statement.payload.grant}`, row];

/** Returns the refusal if the grant does not allow `records` more openings now; undefined if it allows them. */
const notGiving = (status: GrantStatus | undefined, records: number, now: Instant): Refusal | undefined => {
  if (status === undefined) return new AppError('not-found');
  const live = livenessAt(status, now);
  if (live.live) return unless(leavesRoomFor(status, records), new AppError('grant-ended', { reason: 'exhausted' }));
  return live.reason === 'not-begun'
    ? new AppError('grant-not-begun', { serverTime: now })
    : new AppError('grant-ended', { reason: live.reason });
};

export const openingSteps = (state: State): Steps<Openings> => {
  const grantRow = (id: GrantId | undefined): GrantRow | undefined =>
    id === undefined ? undefined : state.grants.get(id);
  const fragments = keyFragmentSteps(state);

  const viewOfGrant = (row: GrantRow | undefined): OpeningView['grant'] => {
    if (row === undefined) return undefined;
    const { patient, recipient, receiving, right } = row.statement.payload;
    const keys = { receiving: receiving.key, verifying: row.verifying };
    return RIGHT_FACTS[right].opensRecords ? { ...row.status, patient, recipient, ...keys, pace: row.pace } : undefined;
  };

  return {
    read: ({ payload: p }) => {
      const row = grantRow(p.grant);
      const rows = p.records.map(({ record, version }) => ({ of: state.records.get(record), version }));
      return {
        caller: state.identities.get(p.opener),
        grant: viewOfGrant(row),
        keyFragment: p.grant === undefined ? undefined : fragments.find(p.grant, p),
        cell: state.folders.get(p.folder)?.cells.get(p.epoch),
        head: headOf(state, p.patient),
        versions: rows.map(({ of, version }) => of?.versions.get(version)),
        wraps: rows.map(({ of, version }) => {
          const wrap = of?.wraps.find((w) => w.version === version && cellText(w) === cellText(p));
          if (wrap === undefined) return undefined;
          const { capsule, companionCiphertext, wrappedKey, label } = wrap;
          return { capsule, companionCiphertext, wrappedKey, label };
        }),
        claim: state.claims.get(claimName(p.opener, p.opening))?.opening,
      };
    },

    record: (opening, seen, event, call) => {
      const { grant, records } = opening.payload;
      if (grant !== undefined && seen.grant === undefined) throw new AppError('not-found');
      const row = grantRow(grant);
      const pace = row && nextPace(row.pace, call.now);
      return transact(state, {
        claim: openingClaim(opening, call.now),
        conditions:
          grant === undefined
            ? []
            : [
                notGiving(row?.status, records.length, call.now),
                unless(pace !== undefined, new AppError('too-many', { retryAfter: 1 })),
              ],
        events: [{ draft: event, evidence: opening.jws }],
        effect: () => {
          if (grant === undefined || row === undefined || pace === undefined) return;
          const status = { ...row.status, used: row.status.used + records.length };
          const end = status.used === status.limit ? { end: call.now } : {};
          state.grants.set(grant, { ...row, status, pace, ...end });
        },
      });
    },
  };
};
