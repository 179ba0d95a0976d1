// A patient's grant: what it may say, and whether it gives anything now.
import type { Payload, Scope, Standing, Statement } from '../statements/kinds.ts';
import { SHARES } from '../statements/proxies.ts';
import type { GrantState } from './life-cycles.ts';
import { clockFault, SECOND, type ClockFault, type Instant } from './time.ts';

/** How a grant came to give nothing any more. */
export type EndReason = 'revoked' | 'expired' | 'exhausted' | 'paused';

/** The small mutable side of a grant. */
export interface GrantStatus {
  readonly state: GrantState;
  readonly notBefore: number;
  readonly expires: number;
  /** Most records that may be opened in all. */
  readonly limit?: number | undefined;
  /** Records opened so far. */
  readonly used: number;
}

export type Liveness = { readonly live: true } | { readonly live: false; readonly reason: EndReason | 'not-begun' };

/** The server's clock decides, to the millisecond: at `expires` the grant is over. What ends for good is named before what may pass: revoked, expired, exhausted, paused, not begun. */
export const livenessAt = (g: GrantStatus, now: Instant): Liveness => {
  if (g.state === 'revoked') return { live: false, reason: 'revoked' };
  if (now >= g.expires) return { live: false, reason: 'expired' };
  if (g.used >= (g.limit ?? Infinity)) return { live: false, reason: 'exhausted' };
  if (g.state === 'paused') return { live: false, reason: 'paused' };
  if (now < g.notBefore) return { live: false, reason: 'not-begun' };
  return { live: true };
};

/** How a grant has ended for good; undefined while it may give something, now or later. */
export const endAt = (g: GrantStatus, now: Instant): Exclude<EndReason, 'paused'> | undefined => {
  const liveness = livenessAt(g, now);
  return liveness.live || liveness.reason === 'paused' || liveness.reason === 'not-begun' ? undefined : liveness.reason;
};

/** A batch of n counts n, all or none. */
export const leavesRoomFor = (g: GrantStatus, records: number): boolean =>
  g.limit === undefined || g.used + records <= g.limit;

type Grant = Payload<'grant'>;
type Cell = Grant['cells'][number];

const isEachOnce = (cells: readonly Cell[]): boolean =>
  new Set(cells.map((c) => `${c.folder}#${c.epoch}`)).size === cells.length;
const isDelegated = (cell: Cell): boolean => cell.kfrags.length === SHARES;

/** To add or to write is a right over one folder, with nothing that opens: neither key fragments nor a count of openings. */
const authorshipFault = (g: Grant): keyof Grant | undefined => {
  if (g.cells.length !== 1 || isDelegated(g.cells[0]!)) return 'cells';
  if (g.openings !== undefined) return 'openings';
  return g.standing === undefined ? undefined : 'standing';
};

/** Why a grant cannot stand by itself: the offending member, or undefined when it can. */
export const grantFault = (g: Grant, now: Instant): keyof Grant | undefined => {
  if (g.recipient === g.patient) return 'recipient';
  if (g.expires <= g.notBefore || g.expires <= now) return 'expires';
  if (g.right !== 'read') return authorshipFault(g);
  return isEachOnce(g.cells) && g.cells.every(isDelegated) ? undefined : 'cells';
};

/** A grant whose end is after its beginning, but has passed, comes from a clock that is behind. */
export const endClockFault = ({ notBefore, expires }: Grant, now: Instant): ClockFault | undefined =>
  expires > notBefore ? clockFault(expires, now, { ahead: Infinity, behind: 0 }) : undefined;

/** What of a folder decides whether a scope reaches it. */
export type FolderFacts = Pick<Payload<'folder'>, 'folder' | 'category' | 'single'>;

/** Whether a wish reaches a folder. A record is reached through a folder that holds nothing else. */
export const reaches = (scope: Scope, f: FolderFacts): boolean => {
  if ('everything' in scope) return true;
  if ('categories' in scope) return scope.categories.includes(f.category);
  if ('folders' in scope) return scope.folders.includes(f.folder);
  return f.single?.record === scope.record;
};

const standsWithin = (standing: Standing, scope: Scope): boolean => {
  if ('everything' in scope) return true;
  return (
    'categories' in scope && 'categories' in standing && standing.categories.every((c) => scope.categories.includes(c))
  );
};

/**
 * The member in which a grant goes beyond, or aside from, the request it answers; undefined when it stays within.
 * @param folders of the grant's cells, in their order
 */
export const excess = (
  g: Grant,
  { hash, payload: r }: Pick<Statement<'request'>, 'hash' | 'payload'>,
  folders: readonly FolderFacts[],
): keyof Grant | undefined => {
  if (g.request?.id !== r.request || g.request.hash !== hash) return 'request';
  if (g.patient !== r.patient) return 'patient';
  if (g.recipient !== r.recipient) return 'recipient';
  if (g.receiving.number !== r.receiving.number || g.receiving.key !== r.receiving.key) return 'receiving';
  if (!r.rights.includes(g.right)) return 'right';
  if (g.purpose !== r.purpose) return 'purpose';
  if (g.expires - g.notBefore > r.duration * SECOND) return 'expires';
  if (g.standing !== undefined && !standsWithin(g.standing, r.scope)) return 'standing';
  return folders.length === g.cells.length && folders.every((f) => reaches(r.scope, f)) ? undefined : 'cells';
};

/** Whether a grant is to be carried into a cell of this folder: it reads the folder already, or it is a standing grant that takes it in. */
export const takesIn = (g: Grant, f: FolderFacts): boolean => {
  if (g.right !== 'read') return false;
  if (g.cells.some((c) => c.folder === f.folder)) return true;
  // What a single folder shares is in a folder of its own already.
  return g.standing !== undefined && f.single === undefined && reaches(g.standing, f);
};

type Extension = Payload<'extension'>;

/** Why an extension cannot stand by itself. */
export const extensionFault = (e: Extension): keyof Extension | undefined =>
  isEachOnce(e.cells) && e.cells.every(isDelegated) ? undefined : 'cells';

/** Whether a record was filed within what a grant allowed: by its recipient, in its folder, with its right, in its time. Not whether it had ended. */
export const covers = (g: Statement<'grant'>, p: Payload<'record'>): boolean =>
  p.grant?.id === g.payload.grant &&
  p.grant.hash === g.hash &&
  g.payload.patient === p.patient &&
  g.payload.recipient === p.author &&
  g.payload.right === (p.version === 1 ? 'add' : 'write') &&
  g.payload.cells[0]!.folder === p.folder &&
  p.created < g.payload.expires;
