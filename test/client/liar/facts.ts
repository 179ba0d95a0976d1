// Keeps the facts of a generated life: each statement that a client signed, each entry of a chain, each key fragment that left a device, and each record that
// was filed. It derives the access that a chain gives by rules of its own, so that a mistake in the client's rules is noticed.
import type { FolderId, GrantId, IdentityId, RecordId, RequestId } from '../../../lib/bytes/ids.ts';
import type { Decapsulator } from '../../../lib/envelope/x-wing.ts';
import { claimOf, reloadStatement } from '../../../lib/statements/verify.ts';
import type { Jws, Kind, Payload, Statement, StatementHash } from '../../../lib/statements/kinds.ts';

/** A grant, as the entries of one chain of statements make and change it. */
export interface FactGrant {
  readonly statement: Statement<'grant'>;
  readonly extensions: readonly Statement<'extension'>[];
  readonly holds: number;
  readonly isRevoked: boolean;
  /** True if a void revocation names the grant. */
  readonly isUnwanted: boolean;
}

/** The access that a chain of statements gives, from its first entry to a certain one. */
export interface Given {
  readonly number: number;
  readonly entries: ReadonlySet<StatementHash>;
  /** Hashes of the entries that later entries name as void. */
  readonly voidEntries: ReadonlySet<StatementHash>;
  /** The statements of all entries, in order. */
  readonly statements: ReadonlyMap<StatementHash, Statement>;
  readonly voids: ReadonlySet<StatementHash>;
  /** Hashes of the extensions that one act signed together with the folder statement of a cell. */
  readonly withCell: ReadonlySet<StatementHash>;
  readonly identity: Statement<'identity'> | undefined;
  readonly folders: ReadonlyMap<FolderId, readonly Statement<'folder'>[]>;
  readonly grants: ReadonlyMap<GrantId, FactGrant>;
  readonly answers: ReadonlyMap<RequestId, 'approved' | 'denied'>;
  readonly deletions: ReadonlySet<RecordId>;
}

const NOTHING: Given = {
  number: 0,
  entries: new Set(),
  voidEntries: new Set(),
  statements: new Map(),
  voids: new Set(),
  withCell: new Set(),
  identity: undefined,
  folders: new Map(),
  grants: new Map(),
  answers: new Map(),
  deletions: new Set(),
};

const add = <K, V>(to: ReadonlyMap<K, V>, name: K, value: V): ReadonlyMap<K, V> => new Map(to).set(name, value);

type Apply<K extends Kind> = (g: Given, s: Statement<K>) => Given | undefined;

const onGrant = (g: Given, id: GrantId, change: (grant: FactGrant) => Partial<FactGrant> | undefined) => {
  const grant = g.grants.get(id);
  const changed = grant === undefined || grant.isRevoked ? undefined : change(grant);
  return changed && { ...g, grants: add(g.grants, id, { ...grant!, ...changed }) };
};

const hasCells = (g: Given, { cells }: Payload<'extension'> | Payload<'grant'>): boolean =>
  cells.every((c) => g.folders.get(c.folder)?.some((f) => f.hash === c.statement && f.payload.epoch === c.epoch));

const hold = (g: Given, { payload: p }: Statement<'pause'> | Statement<'resumption'>, odd: boolean) =>
  onGrant(g, p.grant, (grant) =>
    p.number === grant.holds + 1 && (p.number % 2 === 1) === odd && p.of === grant.statement.hash
      ? { holds: p.number }
      : undefined,
  );

const APPLY: { readonly [K in Kind]?: Apply<K> } = {
  identity: (g, s) =>
    s.payload.number === (g.identity?.payload.number ?? 0) + 1 && s.payload.previous === g.identity?.hash
      ? { ...g, identity: s }
      : undefined,
  folder: (g, s) => {
    const before = g.folders.get(s.payload.folder) ?? [];
    return s.payload.epoch === before.length + 1 && s.payload.previous === before.at(-1)?.hash
      ? { ...g, folders: add(g.folders, s.payload.folder, [...before, s]) }
      : undefined;
  },
  grant: (g, s) => {
    const { grant, request } = s.payload;
    if (g.grants.has(grant) || !hasCells(g, s.payload)) return undefined;
    if (request !== undefined && g.answers.get(request.id) === 'denied') return undefined;
    const made = { statement: s, extensions: [], holds: 0, isRevoked: false, isUnwanted: false };
    const answers = request === undefined ? g.answers : add(g.answers, request.id, 'approved' as const);
    return { ...g, grants: add(g.grants, grant, made), answers };
  },
  extension: (g, s) =>
    onGrant(g, s.payload.grant, ({ statement, extensions }) =>
      hasCells(g, s.payload) &&
      s.payload.number === extensions.length + 1 &&
      s.payload.previous === (extensions.at(-1) ?? statement).hash
        ? { extensions: [...extensions, s] }
        : undefined,
    ),
  pause: (g, s) => hold(g, s, true),
  resumption: (g, s) => hold(g, s, false),
  revocation: (g, s) => onGrant(g, s.payload.grant, () => ({ isRevoked: true })),
  denial: (g, { payload: { request } }) =>
    g.answers.has(request) ? undefined : { ...g, answers: add(g.answers, request, 'denied') },
  deletion: (g, { payload: { record } }) =>
    g.deletions.has(record) ? undefined : { ...g, deletions: new Set([...g.deletions, record]) },
};

/** A key fragment that a device sent, with the statement that it sent beside it. */
export interface Fragment {
  readonly statement: Statement<'grant'> | Statement<'extension'>;
  readonly grant: GrantId;
  readonly cell: Payload<'grant'>['cells'][number];
  readonly kfrag: string;
  readonly receiving: Payload<'grant'>['receiving'];
  readonly recipient: IdentityId;
  /** The companion key of the cell, as the recipient gets it from the statement. Undefined if the recipient gets none. */
  readonly companion: () => Decapsulator | undefined;
}

/** The true content of a record version. */
export interface Filed {
  readonly title: string;
  readonly text: string;
}

const stateless = (jws: Jws): Statement => reloadStatement(claimOf(jws).kind, jws);

export const newFacts = () => {
  /** Every statement that a client of this life signed. The key is its hash. */
  const signed = new Map<StatementHash, Statement>();
  const entries = new Map<StatementHash, Statement<'entry'>>();
  const givenAt = new Map<StatementHash | undefined, Given>([[undefined, NOTHING]]);
  const fragments: Fragment[] = [];
  const filed = new Map<StatementHash, Filed>();
  /** The receiving keys that each identity published. */
  const receivingKeys = new Map<IdentityId, readonly string[]>();

  const given = (hash: StatementHash | undefined): Given => {
    const known = givenAt.get(hash);
    if (known === undefined) throw new Error('the chain has an entry that no device of this life signed');
    return known;
  };

  /** Adds an entry and its statements. @returns the fault, if the entry does not follow the earlier entries or contradicts them */
  const addEntry = (entry: Statement<'entry'>, statements: readonly Statement[]): string | undefined => {
    const { previous, number, voids = [] } = entry.payload;
    const before = givenAt.get(previous);
    if (before === undefined) return 'an entry follows one that no device of this life signed';
    let next: Given = {
      ...before,
      number,
      entries: new Set([...before.entries, entry.hash]),
      voidEntries: new Set([...before.voidEntries, ...voids.map((v) => v.entry)]),
      voids: new Set([...before.voids, ...voids.flatMap((v) => v.statements)]),
    };
    if (number !== before.number + 1) return 'an entry has not the next number';
    for (const s of statements) {
      const applied = (APPLY[s.kind] as Apply<Kind> | undefined)?.(next, s);
      if (applied === undefined) return `a ${s.kind} statement contradicts the chain`;
      const isWithCell = s.kind === 'extension' && statements[0]!.kind === 'folder';
      next = {
        ...applied,
        statements: add(next.statements, s.hash, s),
        withCell: isWithCell ? new Set([...next.withCell, s.hash]) : next.withCell,
      };
    }
    for (const hash of voids.flatMap((v) => v.statements)) {
      const s = signed.get(hash);
      if (s?.kind === 'revocation')
        next = onGrant(next, (s.payload as Payload<'revocation'>).grant, () => ({ isUnwanted: true })) ?? next;
    }
    const { identity } = next;
    if (identity !== undefined && identity !== before.identity) {
      const { id, receiving } = identity.payload;
      receivingKeys.set(id, [...(receivingKeys.get(id) ?? []), receiving.key]);
    }
    entries.set(entry.hash, entry);
    givenAt.set(entry.hash, next);
    return undefined;
  };

  return { signed, entries, fragments, filed, receivingKeys, given, addEntry, read: stateless };
};
export type Facts = ReturnType<typeof newFacts>;
