// The calls of a sequence, in words that the model and the system both understand: people, folders, records, requests and grants are numbered
// in the order in which they came to be.

export type Who = number;
export type Right = 'read' | 'add' | 'write';
export type Category = 'letters' | 'imaging';
export type Purpose = 'TREAT' | 'HRESCH';

export interface Cell {
  readonly folder: number;
  readonly epoch: number;
}

export interface Version {
  readonly record: number;
  readonly version: number;
}

export type Standing = { readonly categories: readonly Category[] } | { readonly everything: true };
export type Scope = { readonly folders: readonly number[] } | { readonly record: number } | Standing;

/** Number of an extension of a grant. */
export interface Extending {
  readonly grant: number;
  readonly number: number;
}

export interface Giving {
  readonly by: Who;
  readonly to: Who;
  /** Number of the receiving key that it names. */
  readonly key: number;
  readonly request?: number;
  readonly right: Right;
  readonly cells: readonly Cell[];
  readonly notBefore: number;
  readonly expires: number;
  readonly openings?: number;
  readonly standing?: Standing;
  readonly purpose: Purpose;
}

interface OfGrant {
  readonly by: Who;
  readonly grant: number;
}
interface OfRequest {
  readonly by: Who;
  readonly request: number;
}

export interface Plans {
  /** The statement of that number; it names a receiving key of the same number. */
  readonly 'sign up': { readonly by: Who; readonly number: number };
  readonly folder: { readonly by: Who; readonly category: Category; readonly carry: readonly Extending[] };
  /** A folder that holds one version of a record. */
  readonly share: { readonly by: Who } & Version;
  readonly epoch: { readonly by: Who; readonly carry: readonly Extending[] } & Cell;
  /** Begins an upload and sends the blob. No record: a new one. */
  readonly begin: {
    readonly by: Who;
    readonly record?: number;
    readonly version: number;
    readonly grant?: number;
  } & Cell;
  /** Commits what was begun, wrapped for this epoch. */
  readonly commit: { readonly filing: number; readonly epoch: number };
  readonly ask: {
    readonly by: Who;
    readonly to: Who;
    readonly key: number;
    readonly scope: Scope;
    readonly rights: readonly Right[];
    readonly purpose: Purpose;
    /** Seconds. */
    readonly duration: number;
    readonly until: number;
  };
  readonly approve: OfRequest & { readonly grants: readonly Giving[] };
  readonly deny: OfRequest;
  readonly withdraw: OfRequest;
  readonly give: Giving;
  readonly extend: OfGrant & { readonly number: number } & Cell;
  readonly pause: OfGrant & { readonly number: number };
  readonly resume: OfGrant & { readonly number: number };
  readonly revoke: OfGrant;
  readonly return: OfGrant;
  readonly settle: OfGrant;
  /** `skew`: how far the opener's clock is ahead, ms. */
  readonly open: {
    readonly by: Who;
    readonly grant?: number;
    readonly records: readonly Version[];
    readonly skew: number;
  } & Cell;
  /** The call that was the n-th to be accepted, sent once more. */
  readonly again: { readonly call: number };
  readonly advance: { readonly to: number };
}

export type Name = keyof Plans;
/** `ok`, or the code of the refusal with what it names: reason, member or seconds to wait. */
export type Outcome = string;

/** Those that a client may send again, word by word. */
export const REPEATABLE: readonly Name[] = [
  'sign up',
  'folder',
  'share',
  'epoch',
  'commit',
  'ask',
  'approve',
  'deny',
  'withdraw',
  'give',
  'extend',
  'pause',
  'resume',
  'revoke',
  'return',
  'open',
];
