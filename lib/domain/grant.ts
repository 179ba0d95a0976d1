// Grant: checks whether the content of a grant is allowed, and whether the grant is live.
import { fromBase64url } from '../bytes/codec.ts';
import type { RecordId } from '../bytes/ids.ts';
import { companionsLength, type Right } from '../statements/fields.ts';
import type { Payload, Scope, Standing, Statement } from '../statements/kinds.ts';
import { SHARES } from '../statements/proxy-threshold.ts';
import type { GrantState } from './life-cycles.ts';
import { clockFault, SECOND, type ClockFault, type Instant } from './time.ts';

/** The facts that distinguish the rights. The code uses these facts and never the name of a right. So a new right does not compile until its facts are here. */
export interface RightFacts {
  /** Whether the right lets its recipient open records. Openings are counted, and a grant may limit their number. */
  readonly opensRecords: boolean;
  /** The versions of a record that the right lets its recipient file: version 1, every later one, or none. */
  readonly filesVersion: 'first' | 'later' | 'none';
  /**
   * Whether each cell needs a key fragment. If so, a grant covers the cells that it and its extensions name, and may be a standing grant. If not, a grant
   * names one cell of one folder, and covers this folder in every epoch.
   */
  readonly needsKeyFragments: boolean;
}

export const RIGHT_FACTS: Readonly<Record<Right, RightFacts>> = {
  read: { opensRecords: true, filesVersion: 'none', needsKeyFragments: true },
  add: { opensRecords: false, filesVersion: 'first', needsKeyFragments: false },
  write: { opensRecords: false, filesVersion: 'later', needsKeyFragments: false },
};

/** Whether a right lets its recipient file this version of a record. @param version from 1 */
export const mayFile = (right: Right, version: number): boolean =>
  RIGHT_FACTS[right].filesVersion === (version === 1 ? 'first' : 'later');

/** Whether a right with these facts opens records and does nothing else. */
export const isDisclosure = ({ opensRecords, filesVersion }: RightFacts): boolean =>
  opensRecords && filesVersion === 'none';

/** The reason why a grant allows nothing at present. */
export type EndReason = 'revoked' | 'expired' | 'exhausted' | 'paused';

/** The part of a grant that changes after it was signed, and the limits that this part is compared with. */
export interface GrantStatus {
  readonly state: GrantState;
  readonly notBefore: number;
  readonly expires: number;
  /** How many records may be opened in total. If it is undefined, there is no limit. */
  readonly limit?: number | undefined;
  /** Number of records opened so far. */
  readonly used: number;
}

export type Liveness = { readonly live: true } | { readonly live: false; readonly reason: EndReason | 'not-begun' };

/**
 * Returns whether a grant is live by the service's clock, to the millisecond; at `expires` it has ended. If it is not live for several reasons, the result
 * is the first of: revoked, expired, exhausted, paused, not begun. The reasons that are final come first.
 */
export const livenessAt = (g: GrantStatus, now: Instant): Liveness => {
  if (g.state === 'revoked') return { live: false, reason: 'revoked' };
  if (now >= g.expires) return { live: false, reason: 'expired' };
  if (g.used >= (g.limit ?? Infinity)) return { live: false, reason: 'exhausted' };
  if (g.state === 'paused') return { live: false, reason: 'paused' };
  if (now < g.notBefore) return { live: false, reason: 'not-begun' };
  return { live: true };
};

/** Returns why a grant has ended; undefined if it allows something now or can do so later. */
export const endAt = (g: GrantStatus, now: Instant): Exclude<EndReason, 'paused'> | undefined => {
  const liveness = livenessAt(g, now);
  return liveness.live || liveness.reason === 'paused' || liveness.reason === 'not-begun' ? undefined : liveness.reason;
};

/** Whether the limit of openings allows this many more records. Opening n records at once counts as n, and either all of them are opened or none. */
export const leavesRoomFor = (g: GrantStatus, records: number): boolean =>
  g.limit === undefined || g.used + records <= g.limit;

type Grant = Payload<'grant'>;
type Cell = Grant['cells'][number];

const isEachOnce = (cells: readonly Cell[]): boolean =>
  new Set(cells.map((c) => `${c.folder}#${c.epoch}`)).size === cells.length;
const isDelegated = (cell: Cell): boolean => cell.kfrags.length === SHARES;

/** Whether the sealed companion seeds have the length for the cells. The service cannot check more. */
const hasSeeds = ({ cells, companions }: Pick<Grant, 'cells' | 'companions'>): boolean =>
  companions !== undefined && fromBase64url(companions).length === companionsLength(cells.length);

/** Returns the member of a grant that its right does not allow; undefined if there is none. */
const rightFault = (g: Grant): keyof Grant | undefined => {
  const { needsKeyFragments, opensRecords } = RIGHT_FACTS[g.right];
  const cellsFit = needsKeyFragments ? g.cells.every(isDelegated) : g.cells.length === 1 && !isDelegated(g.cells[0]!);
  if (!cellsFit || !isEachOnce(g.cells)) return 'cells';
  if (needsKeyFragments !== (g.inbox !== undefined)) return 'inbox';
  if (needsKeyFragments ? !hasSeeds(g) : g.companions !== undefined) return 'companions';
  if (!opensRecords && g.openings !== undefined) return 'openings';
  return needsKeyFragments || g.standing === undefined ? undefined : 'standing';
};

/** Returns the member that makes a grant invalid by itself; undefined if the grant is valid. */
export const grantFault = (g: Grant, now: Instant): keyof Grant | undefined => {
  if (g.recipient === g.patient) return 'recipient';
  if (g.expires <= g.notBefore || g.expires <= now) return 'expires';
  return rightFault(g);
};

/** Returns `behind` if a new grant has a valid period that is already over, because the clock of its signer is then probably behind. */
export const endClockFault = ({ notBefore, expires }: Grant, now: Instant): ClockFault | undefined =>
  expires > notBefore ? clockFault(expires, now, { ahead: Infinity, behind: 0 }) : undefined;

/** The members of a folder that decide whether a scope covers it. */
export interface FolderFacts extends Pick<Payload<'folder'>, 'folder' | 'category'> {
  readonly single?: { readonly record: RecordId } | undefined;
}

/** Whether a scope covers a folder. A scope of one record covers the single-record folder of this record. */
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
 * Returns the first member of a grant that gives more than the request asks for, or that differs from the request; undefined if there is none.
 * @param folders the folders of the grant's cells, in the same order
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

/** Whether a grant should get a new cell of this folder: the grant names a cell of the folder already, or it is a standing grant that covers the folder. */
export const takesIn = (g: Grant, f: FolderFacts): boolean => {
  if (!RIGHT_FACTS[g.right].needsKeyFragments) return false;
  if (g.cells.some((c) => c.folder === f.folder)) return true;
  // A standing grant does not take in a single-record folder. It covers the record through the folder in which the record was filed.
  return g.standing !== undefined && f.single === undefined && reaches(g.standing, f);
};

type Extension = Payload<'extension'>;

/** Returns the member that makes an extension invalid by itself; undefined if the extension is valid. */
export const extensionFault = (e: Extension): keyof Extension | undefined => {
  if (!isEachOnce(e.cells) || !e.cells.every(isDelegated)) return 'cells';
  return hasSeeds(e) ? undefined : 'companions';
};

/**
 * Whether a grant allows the filing of a record version: the author is the grant's recipient, the folder is that of the grant, the right allows this version,
 * and the record was created before the grant expires. The function does not check whether the grant had been revoked or returned when the record was created.
 */
export const covers = (g: Statement<'grant'>, p: Payload<'record'>): boolean =>
  p.grant?.id === g.payload.grant &&
  p.grant.hash === g.hash &&
  g.payload.patient === p.patient &&
  g.payload.recipient === p.author &&
  mayFile(g.payload.right, p.version) &&
  g.payload.cells[0]!.folder === p.folder &&
  p.created < g.payload.expires;
