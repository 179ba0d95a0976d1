// Defines the types of the calls in a sequence, for the model and the system alike. People, folders, records, requests and grants are numbered in the order of
// their creation.

export type PersonIndex = number;
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

/** The grant to extend, and the number of its next extension. */
export interface ExtensionPlan {
  readonly grant: number;
  readonly number: number;
}

export interface GrantPlan {
  readonly by: PersonIndex;
  readonly to: PersonIndex;
  /** Number of the recipient's receiving key. */
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
  readonly by: PersonIndex;
  readonly grant: number;
}
interface OfRequest {
  readonly by: PersonIndex;
  readonly request: number;
}

export interface Plans {
  /** Registers the identity statement with that number, which names the receiving key with the same number. */
  readonly 'sign up': { readonly by: PersonIndex; readonly number: number };
  readonly folder: { readonly by: PersonIndex; readonly category: Category; readonly carry: readonly ExtensionPlan[] };
  /** Creates a single-record folder. */
  readonly share: { readonly by: PersonIndex } & Version;
  readonly epoch: { readonly by: PersonIndex; readonly carry: readonly ExtensionPlan[] } & Cell;
  /** Begins an upload and sends the blob. Without `record`, the upload is for a new record. */
  readonly begin: {
    readonly by: PersonIndex;
    readonly record?: number;
    readonly version: number;
    readonly grant?: number;
  } & Cell;
  /** Commits an upload, wrapped for this epoch. */
  readonly commit: { readonly filing: number; readonly epoch: number };
  readonly ask: {
    readonly by: PersonIndex;
    readonly to: PersonIndex;
    readonly key: number;
    readonly scope: Scope;
    readonly rights: readonly Right[];
    readonly purpose: Purpose;
    /** Seconds. */
    readonly duration: number;
    readonly until: number;
  };
  readonly approve: OfRequest & { readonly grants: readonly GrantPlan[] };
  readonly deny: OfRequest;
  readonly withdraw: OfRequest;
  readonly give: GrantPlan;
  readonly extend: OfGrant & { readonly number: number } & Cell;
  readonly pause: OfGrant & { readonly number: number };
  readonly resume: OfGrant & { readonly number: number };
  readonly revoke: OfGrant;
  readonly return: OfGrant;
  readonly settle: OfGrant;
  /** Opens records. `skew` is the number of ms by which the opener's clock is ahead. */
  readonly open: {
    readonly by: PersonIndex;
    readonly grant?: number;
    readonly records: readonly Version[];
    readonly skew: number;
  } & Cell;
  /** Repeats an accepted call, by its number. */
  readonly again: { readonly call: number };
  readonly advance: { readonly to: number };
}

export type Name = keyof Plans;
/** `ok`, or the code of the refusal with its reason, member or seconds to wait. */
export type Outcome = string;

/** Calls that a client may repeat with the same body. */
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
