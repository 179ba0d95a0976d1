// Life cycles: a table of the allowed changes of state. The stores turn each entry into one conditional update.

export interface Transition<S extends string> {
  /** The state, or states, in which the change is allowed. */
  readonly from: S | readonly S[];
  readonly to: S;
}

export type RequestState = 'pending' | 'approved' | 'denied' | 'withdrawn';
export type GrantState = 'active' | 'paused' | 'revoked';
export type CellState = 'current' | 'closed';
export type RecordState = 'committed' | 'deleted';

export const requestLife = {
  approve: { from: 'pending', to: 'approved' },
  deny: { from: 'pending', to: 'denied' },
  withdraw: { from: 'pending', to: 'withdrawn' },
} as const satisfies Record<string, Transition<RequestState>>;

export const grantLife = {
  pause: { from: 'active', to: 'paused' },
  resume: { from: 'paused', to: 'active' },
  revoke: { from: ['active', 'paused'], to: 'revoked' },
} as const satisfies Record<string, Transition<GrantState>>;

export const cellLife = {
  close: { from: 'current', to: 'closed' },
} as const satisfies Record<string, Transition<CellState>>;

export const recordLife = {
  delete: { from: 'committed', to: 'deleted' },
} as const satisfies Record<string, Transition<RecordState>>;
