// Derives from the patient's own statements the access that the patient gave: folders, grants, answers and deletions, and the numbers that the next
// statement needs. It uses nothing that the service says. docs/spec/statements/entry.md specifies the rules. All functions are pure.
import type { FolderId, GrantId, RecordId, RequestId } from '../../bytes/ids.ts';
import { followsHead, NO_ENTRIES, type EntryHead } from '../../domain/statement-chain.ts';
import type { Kind, Statement, StatementHash } from '../../statements/kinds.ts';
import { ClientError } from '../session/errors.ts';

/** A grant, with the later statements about it. */
export interface GivenGrant {
  readonly statement: Statement<'grant'>;
  readonly extensions: readonly Statement<'extension'>[];
  /** Number of pauses and resumptions together. The grant is paused if the number is odd. */
  readonly holds: number;
  readonly revocation?: Statement<'revocation'>;
  /** True if a revocation of the grant is void. The patient wanted the grant to end, so no client prolongs it. */
  readonly isUnwanted?: true;
}

/** A statement that comes with key fragments. */
export type Delegating = Statement<'grant'> | Statement<'extension'>;

export interface GivenAccess {
  readonly head: EntryHead;
  readonly identity: Statement<'identity'> | undefined;
  /** The statements of every epoch of each folder, from the first epoch. */
  readonly folders: ReadonlyMap<FolderId, readonly Statement<'folder'>[]>;
  readonly grants: ReadonlyMap<GrantId, GivenGrant>;
  readonly answers: ReadonlyMap<RequestId, 'approved' | 'denied'>;
  readonly deletions: ReadonlyMap<RecordId, Statement<'deletion'>>;
  /** Void grants and extensions. The service may have their key fragments. */
  readonly voided: readonly Delegating[];
  /** Every statement that an entry names and that is not void. The key is the hash of the statement, the value is its entry. */
  readonly entries: ReadonlyMap<StatementHash, VerifiedEntry>;
}

/** A verified entry with its verified statements, all signed by the owner of the chain. */
export interface VerifiedEntry {
  readonly entry: Statement<'entry'>;
  readonly statements: readonly Statement[];
  readonly voided: readonly Statement[];
}

/** The error for statements of the chain that contradict each other. A client that has the whole chain never signs such statements. */
export class ChainError extends ClientError {
  /** Number of the entry. */
  readonly number: number;
  constructor(number: number, kind: Kind) {
    super(
      'unverified',
      `refused: entry ${number} of the chain of statements has a ${kind} statement that does not fit the ones before`,
      'chain',
    );
    this.number = number;
  }
}

/** Returns the hash of the last extension, or of the grant if there is none. */
export const tipOf = ({ statement, extensions }: GivenGrant): StatementHash =>
  extensions.at(-1)?.hash ?? statement.hash;

/** Lists every cell of a grant, also those of its extensions. */
export const cellsOf = ({ statement, extensions }: GivenGrant) =>
  [statement, ...extensions].flatMap(({ payload }) => payload.cells);

/** Derives the access that the patient gave, entry by entry. */
export interface AccessFold {
  /** @throws {ChainError} if an earlier entry did not fit */
  readonly state: () => GivenAccess;
  /** Checks that the statements may be the next entry, and changes nothing. @throws {ChainError} */
  readonly assertFit: (statements: readonly Statement[]) => void;
  /** @throws {ChainError} */
  readonly apply: (verified: VerifiedEntry) => void;
}

interface Tables {
  identity: Statement<'identity'> | undefined;
  readonly folders: Map<FolderId, readonly Statement<'folder'>[]>;
  readonly grants: Map<GrantId, GivenGrant>;
  readonly answers: Map<RequestId, 'approved' | 'denied'>;
  readonly deletions: Map<RecordId, Statement<'deletion'>>;
}

/** Applies one statement. @returns false if the statement does not fit the ones before */
type Rule<K extends Kind> = (t: Tables, statement: Statement<K>) => boolean;

/** Replaces a grant, unless it is revoked. @returns false if nothing was replaced */
const changeGrant = (t: Tables, id: GrantId, change: (grant: GivenGrant) => GivenGrant | undefined): boolean => {
  const grant = t.grants.get(id);
  const changed = grant === undefined || grant.revocation !== undefined ? undefined : change(grant);
  if (changed === undefined) return false;
  t.grants.set(id, changed);
  return true;
};

const applyHold =
  <K extends 'pause' | 'resumption'>(parity: 0 | 1): Rule<K> =>
  (t, { payload }) =>
    changeGrant(t, payload.grant, (g) =>
      payload.of === g.statement.hash && payload.number === g.holds + 1 && g.holds % 2 === parity
        ? { ...g, holds: payload.number }
        : undefined,
    );

const RULES: { readonly [K in Kind]?: Rule<K> } = {
  identity: (t, s) => {
    const last = t.identity;
    if (s.payload.number !== (last?.payload.number ?? 0) + 1 || s.payload.previous !== last?.hash) return false;
    t.identity = s;
    return true;
  },
  folder: (t, s) => {
    const { folder, epoch, previous } = s.payload;
    const cells = t.folders.get(folder) ?? [];
    if (epoch !== cells.length + 1 || previous !== cells.at(-1)?.hash) return false;
    t.folders.set(folder, [...cells, s]);
    return true;
  },
  grant: (t, s) => {
    const { grant, request, cells } = s.payload;
    const isOwn = cells.every((c) => t.folders.get(c.folder)?.[c.epoch - 1]?.hash === c.statement);
    const isDenied = request !== undefined && t.answers.get(request.id) === 'denied';
    if (t.grants.has(grant) || !isOwn || isDenied) return false;
    t.grants.set(grant, { statement: s, extensions: [], holds: 0 });
    if (request !== undefined) t.answers.set(request.id, 'approved');
    return true;
  },
  extension: (t, s) => {
    const { grant, number, previous, cells } = s.payload;
    const isOwn = cells.every((c) => t.folders.get(c.folder)?.[c.epoch - 1]?.hash === c.statement);
    return (
      isOwn &&
      changeGrant(t, grant, (g) =>
        number === g.extensions.length + 1 && previous === tipOf(g)
          ? { ...g, extensions: [...g.extensions, s] }
          : undefined,
      )
    );
  },
  pause: applyHold(0),
  resumption: applyHold(1),
  revocation: (t, s) =>
    changeGrant(t, s.payload.grant, (g) => (s.payload.of === g.statement.hash ? { ...g, revocation: s } : undefined)),
  denial: (t, { payload: { request } }) => {
    if (t.answers.has(request)) return false;
    t.answers.set(request, 'denied');
    return true;
  },
  deletion: (t, s) => {
    if (t.deletions.has(s.payload.record)) return false;
    t.deletions.set(s.payload.record, s);
    return true;
  },
};

const isDelegating = (s: Statement): s is Delegating => s.kind === 'grant' || s.kind === 'extension';

const isRevocation = (s: Statement): s is Statement<'revocation'> => s.kind === 'revocation';

const applyAll = (t: Tables, number: number, statements: readonly Statement[]): void => {
  for (const s of statements) {
    const rule = RULES[s.kind] as Rule<Kind> | undefined;
    if (rule?.(t, s) !== true) throw new ChainError(number, s.kind);
  }
};

const copyOf = ({ identity, folders, grants, answers, deletions }: Tables): Tables => ({
  identity,
  folders: new Map(folders),
  grants: new Map(grants),
  answers: new Map(answers),
  deletions: new Map(deletions),
});

export const createAccessFold = (): AccessFold => {
  let head: EntryHead = NO_ENTRIES;
  let fault: ChainError | undefined;
  const tables: Tables = {
    identity: undefined,
    folders: new Map(),
    grants: new Map(),
    answers: new Map(),
    deletions: new Map(),
  };
  const entries = new Map<StatementHash, VerifiedEntry>();
  const voided = new Map<StatementHash, Delegating>();
  return {
    state: () => {
      if (fault !== undefined) throw fault;
      const left = [...voided.values()].filter((v) => !entries.has(v.hash));
      return { head, ...tables, voided: left, entries };
    },
    assertFit: (statements) => applyAll(copyOf(tables), head.number + 1, statements),
    apply: (verified) => {
      const { entry } = verified;
      try {
        if (!followsHead(entry.payload, head)) throw new ChainError(entry.payload.number, 'entry');
        applyAll(tables, entry.payload.number, verified.statements);
      } catch (error) {
        if (error instanceof ChainError) fault = error;
        throw error;
      }
      head = { number: entry.payload.number, hash: entry.hash };
      for (const { hash } of verified.statements) entries.set(hash, verified);
      for (const s of verified.voided) {
        if (isDelegating(s)) voided.set(s.hash, s);
        if (isRevocation(s)) changeGrant(tables, s.payload.grant, (grant) => ({ ...grant, isUnwanted: true }));
      }
    },
  };
};
