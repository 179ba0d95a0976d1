// Grants and what openings count on them.
import { AppError } from '../../../lib/api/errors.ts';
import type { GrantId } from '../../../lib/bytes/ids.ts';
import { leavesRoomFor, livenessAt, type GrantStatus } from '../../../lib/domain/grant.ts';
import type { Instant } from '../../../lib/domain/time.ts';
import type { Grants, NewGrant, OpeningView, Openings, StoredGrant } from '../../../lib/usecases/ports.ts';
import { mapPage, pageOf, type Placed } from './page.ts';
import { answering, BY_STATE, isListedAs } from './requests.ts';
import { cellText, ms, type GrantRow, type State } from './state.ts';
import type { Steps } from './steps.ts';
import { claimName, headOf, nonceClaim, openingClaim, transact, unless, type Refusal } from './transaction.ts';

const toGrant = ({ statement, status }: GrantRow): StoredGrant => ({ statement, status });

const rowOf = ({ statement, kfrags }: NewGrant): GrantRow => {
  const { notBefore, expires, openings, cells } = statement.payload;
  const limit = openings === undefined ? {} : { limit: openings };
  return {
    statement,
    status: { state: 'active', notBefore, expires, ...limit, used: 0 },
    kfrags: new Map(cells.map((cell, i) => [cellText(cell), kfrags[i]!])),
  };
};

export const grantSteps = (state: State): Steps<Grants> => ({
  find: (id) => {
    const row = state.grants.get(id);
    return row === undefined ? undefined : toGrant(row);
  },

  list: (as, id, asked, now, request) => {
    const rows = [...state.grants.values()].filter(
      ({ statement, status }) =>
        statement.payload[as] === id && isListedAs(asked, { ...status, end: status.expires, ends: 'active' }, now),
    );
    const placed = rows.map((r): Placed<GrantRow> => {
      const { state: is, expires } = r.status;
      return [`${is}#${ms(expires)}#${r.statement.payload.grant}`, r];
    });
    return mapPage(pageOf(placed, BY_STATE, request), toGrant);
  },

  create: (grants, answers, events, call) => {
    const rows = grants.map(rowOf);
    const ids = rows.map((r) => r.statement.payload.grant);
    const stored = ids.map((id) => state.grants.get(id)?.statement);
    const change = { state: 'approved', grants: ids } as const;
    const answer = answers === undefined ? undefined : answering(state, { request: answers, now: call.now, change });
    return transact(state, {
      claim: nonceClaim(call),
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

  revoke: ({ statement: { payload } }, revocation, event, call) => {
    const row = state.grants.get(payload.grant);
    return transact(state, {
      claim: nonceClaim(call),
      conditions: [unless(row?.status.state === 'active', row === undefined ? new AppError('not-found') : 'repeated')],
      events: [{ draft: event, evidence: revocation.jws }],
      effect: () => {
        if (row === undefined) return;
        state.grants.set(payload.grant, { ...row, status: { ...row.status, state: 'revoked' }, kfrags: new Map() });
      },
    });
  },
});

/** Why the grant does not give `records` more now; undefined when it does. */
const notGiving = (status: GrantStatus | undefined, records: number, now: Instant): Refusal | undefined => {
  if (status === undefined) return new AppError('not-found');
  const live = livenessAt(status, now);
  if (live.live) return unless(leavesRoomFor(status, records), new AppError('grant-ended', { reason: 'exhausted' }));
  return live.reason === 'not-begun'
    ? new AppError('grant-not-begun')
    : new AppError('grant-ended', { reason: live.reason });
};

export const openingSteps = (state: State): Steps<Openings> => {
  const grantRow = (id: GrantId | undefined): GrantRow | undefined =>
    id === undefined ? undefined : state.grants.get(id);

  const viewOfGrant = (row: GrantRow | undefined): OpeningView['grant'] => {
    if (row === undefined) return undefined;
    const { patient, recipient, right } = row.statement.payload;
    return { ...row.status, patient, recipient, right };
  };

  return {
    read: ({ payload: p }) => {
      const row = grantRow(p.grant);
      const rows = p.records.map(({ record, version }) => ({ of: state.records.get(record), version }));
      return {
        caller: state.identities.get(p.opener),
        grant: viewOfGrant(row),
        kfrag: row?.kfrags.get(cellText(p)),
        cell: state.folders.get(p.folder)?.cells.get(p.epoch),
        head: headOf(state, p.patient),
        versions: rows.map(({ of, version }) => of?.versions.get(version)),
        wraps: rows.map(({ of, version }) => {
          const wrap = of?.wraps.find((w) => w.version === version && cellText(w) === cellText(p));
          return wrap === undefined ? undefined : { capsule: wrap.capsule, wrappedKey: wrap.wrappedKey };
        }),
        claim: state.claims.get(claimName(p.opener, p.opening))?.opening,
      };
    },

    record: (opening, seen, event, call) => {
      const { grant, records } = opening.payload;
      if (grant !== undefined && seen.grant === undefined) throw new AppError('not-found');
      const row = grantRow(grant);
      return transact(state, {
        claim: openingClaim(opening, call.now),
        conditions: grant === undefined ? [] : [notGiving(row?.status, records.length, call.now)],
        events: [{ draft: event, evidence: opening.jws }],
        effect: () => {
          if (grant === undefined || row === undefined) return;
          state.grants.set(grant, { ...row, status: { ...row.status, used: row.status.used + records.length } });
        },
      });
    },
  };
};
