// A patient's grant: what it may say, and whether it gives anything now.
import type { Payload } from '../statements/kinds.ts';
import type { GrantState } from './life.ts';
import { SECOND, type Instant } from './time.ts';

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

/** The server's clock decides, to the millisecond: at `expires` the grant is over. Revocation is named before expiry, expiry before the limit. */
export const livenessAt = (g: GrantStatus, now: Instant): Liveness => {
  if (g.state === 'revoked') return { live: false, reason: 'revoked' };
  if (now >= g.expires) return { live: false, reason: 'expired' };
  if (g.limit !== undefined && g.used >= g.limit) return { live: false, reason: 'exhausted' };
  if (now < g.notBefore) return { live: false, reason: 'not-begun' };
  return { live: true };
};

/** A batch of n counts n, all or none. */
export const leavesRoomFor = (g: GrantStatus, records: number): boolean =>
  g.limit === undefined || g.used + records <= g.limit;

type Grant = Payload<'grant'>;

/** Why a grant cannot stand by itself: the offending member, or undefined when it can. */
export const grantFault = (g: Grant, now: Instant): keyof Grant | undefined => {
  if (g.recipient === g.patient) return 'recipient';
  if (g.expires <= g.notBefore || g.expires <= now) return 'expires';
  if (new Set(g.cells.map((c) => `${c.folder}#${c.epoch}`)).size !== g.cells.length) return 'cells';
  return undefined;
};

/** The member in which a grant goes beyond, or aside from, the request it answers; undefined when it stays within. */
export const excess = (g: Grant, hash: string, r: Payload<'request'>): keyof Grant | undefined => {
  if (g.request?.id !== r.request || g.request.hash !== hash) return 'request';
  if (g.patient !== r.patient) return 'patient';
  if (g.recipient !== r.recipient) return 'recipient';
  if (g.receiving.number !== r.receiving.number || g.receiving.key !== r.receiving.key) return 'receiving';
  if (!r.rights.includes(g.right)) return 'right';
  if (g.purpose !== r.purpose) return 'purpose';
  if (g.expires - g.notBefore > r.duration * SECOND) return 'expires';
  if (!g.cells.every((c) => r.scope.folders.includes(c.folder))) return 'cells';
  return undefined;
};
