// The hot path. An opening names every key, so all that it needs comes in one trip of three BatchGets side by side; the second trip counts it,
// logs it and claims its id, in one transaction.
import { AppError } from '../api/errors.ts';
import type { IdentityId } from '../bytes/ids.ts';
import type { Payload, Statement } from '../statements/kinds.ts';
import type { Openings, OpeningView } from '../usecases/ports.ts';
import type { Claim } from './cancellation.ts';
import { getItems, getPlaces, type StoreContext } from './database.ts';
import { toCell } from './folders.ts';
import { countStep, toStatus } from './grants.ts';
import { toIdentity } from './identities.ts';
import { count, text, type Item } from './item.ts';
import { toVersion, toWrap } from './record-items.ts';
import {
  cellKey,
  claimPk,
  grantCellKey,
  headKey,
  identityKey,
  stateKey,
  versionKey,
  wrapKey,
  type Key,
} from './table.ts';
import { headOf, ttlOf, type Writer } from './transact.ts';

const claimOf = ({ payload, hash }: Statement<'opening'>, at: number): Claim => ({
  pk: claimPk(payload.opener, payload.opening),
  ttl: ttlOf(at),
  opening: { statement: hash, at },
});

const toGrant = (item: Item): OpeningView['grant'] =>
  item['right'] === 'read'
    ? {
        ...toStatus(item),
        patient: text<IdentityId>(item, 'patient'),
        recipient: text<IdentityId>(item, 'recipient'),
        right: 'read',
      }
    : undefined;

const found = <T>(item: Item | undefined, read: (item: Item) => T): T | undefined =>
  item === undefined ? undefined : read(item);

/** In this order everywhere below: identity, cell, head, state, key fragment, claim. */
const placesOf = ({ tables }: StoreContext, p: Payload<'opening'>) => {
  const inMain = (key: Key) => ({ table: tables.main, key });
  return [
    inMain(identityKey(p.opener)),
    inMain(cellKey(p)),
    inMain(headKey(p.patient)),
    p.grant === undefined ? undefined : inMain(stateKey(p.grant)),
    p.grant === undefined ? undefined : inMain(grantCellKey(p.grant, p)),
    { table: tables.nonces, key: { pk: claimPk(p.opener, p.opening) } },
  ];
};

export const makeOpenings = (context: StoreContext, write: Writer): Openings => ({
  read: async ({ payload: p }) => {
    const [[caller, cell, head, state, kfrag, claim], versions, wraps] = await Promise.all([
      getPlaces(context, placesOf(context, p)),
      getItems(
        context,
        p.records.map((r) => versionKey(r.record, r.version)),
      ),
      getItems(
        context,
        p.records.map((r) => wrapKey(r.record, r.version, p)),
      ),
    ]);
    return {
      caller: found(caller, toIdentity),
      grant: found(state, toGrant),
      kfrag: found(kfrag, (item) => text(item, 'kfrag')),
      cell: found(cell, toCell),
      head: headOf(head),
      versions: versions.map((v) => found(v, toVersion)),
      wraps: wraps.map((w) => found(w, toWrap)),
      claim: found(claim, (item) => ({ statement: text(item, 'statement'), at: count(item, 'at') })),
    };
  },

  record: async (opening, seen, event, call) => {
    const { grant, records } = opening.payload;
    // Without the state as it was read, its limit would go unchecked.
    if (grant !== undefined && seen.grant === undefined) throw new AppError('not-found');
    const steps =
      grant === undefined || seen.grant === undefined ? [] : [countStep(grant, seen.grant, records.length, call.now)];
    return write({
      steps,
      events: [{ draft: event, evidence: opening.jws }],
      claim: claimOf(opening, call.now),
      head: seen.head,
    });
  },
});
