// Stores the newest verified statements, so that the client detects a service that returns older ones: the newest identity statement of each identity, the
// newest epoch of each folder, the newest version of each listed record, and the verified heads of the audit trail and of the chain of statements. Without
// memory a client can check signatures, but not that a statement is the newest.
import * as z from 'zod/mini';
import { parseIdentityId, type FolderId, type GrantId, type IdentityId, type RecordId } from '../../bytes/ids.ts';
import { EMPTY_CHAIN, type ChainHead } from '../../domain/audit-chain.ts';
import { NO_ENTRIES, type EntryHead } from '../../domain/statement-chain.ts';
import { count, identity, ordinal, point, randomId, sha256 } from '../../statements/fields.ts';
import type { Statement } from '../../statements/kinds.ts';
import { ClientError, type Check } from './errors.ts';

const seenIdentity = z.strictObject({ number: ordinal, hash: sha256, next: sha256 });
const seenFolder = z.strictObject({ epoch: ordinal, hash: sha256 });
const chainHead = z.strictObject({ seq: count, hash: sha256 });
const entryHead = z
  .strictObject({ number: count, hash: z.optional(sha256) })
  .check(z.refine(({ number, hash }) => (number === 0) === (hash === undefined)));
/** A pending entry with its statements, and the hashes of both. */
const pendingEntry = z.strictObject({
  entry: z.string(),
  hash: sha256,
  statements: z.array(z.string()),
  hashes: z.array(sha256),
});
export type PendingEntry = z.infer<typeof pendingEntry>;
/** The newest version of a record that a list contained. */
const listedRecord = z.strictObject({
  version: ordinal,
  hash: sha256,
  /** The folder whose list must contain the record. */
  folder: randomId<FolderId>(),
  /** The folder in which every version of the record was filed. */
  home: randomId<FolderId>(),
});
export type ListedRecord = z.infer<typeof listedRecord>;
/** The name of a list of records: the owner's own records, or those that a grant shows. */
export type RecordList = 'own' | GrantId;
const snapshot = z.strictObject({
  format: z.literal('pcehr-memory'),
  version: z.literal(1),
  owner: identity,
  identities: z.record(identity, seenIdentity),
  folders: z.record(randomId<FolderId>(), seenFolder),
  /** For each list, the newest listed version of each record. */
  records: z._default(z.record(z.string(), z.record(randomId<RecordId>(), listedRecord)), {}),
  /** Hashes of grants that the owner received. */
  grants: z._default(z.record(randomId<GrantId>(), sha256), {}),
  audit: chainHead,
  /** Head of the owner's chain of statements, and in `pending` the pending entries. */
  chain: entryHead,
  pending: z.array(pendingEntry),
  /** Ids that the owner verified in person. */
  verified: z._default(z.array(identity), []),
  /** Grants that the owner revoked, also those that the service has not confirmed as revoked. */
  revoked: z._default(z.array(randomId<GrantId>()), []),
  /** The pinned service key. */
  serviceKey: z.optional(point),
});

/** A plain JSON value without secrets. It shows which identities the owner knows and which folders exist, so it is private. */
export type MemorySnapshot = z.infer<typeof snapshot>;

/** Stores the newest verified statements, and refuses older ones. */
export interface Memory {
  readonly owner: IdentityId;
  /** Stores an identity statement. @throws {ClientError} `rolled-back` for a lower number, another statement of the same number, or another `next` */
  readonly noteIdentity: (statement: Statement<'identity'>) => void;
  /**
   * Stores a folder statement.
   * @throws {ClientError} `rolled-back` for a lower epoch, another statement of the same epoch, or a next epoch whose `previous` is not the known statement
   */
  readonly noteFolder: (statement: Statement<'folder'>) => void;
  /** Whether a newer epoch of the folder of this statement is known. */
  readonly knowsNewer: (statement: Statement<'folder'>) => boolean;
  /** Stores the hash of a grant. @throws {ClientError} `rolled-back` for another grant with a known id */
  readonly noteGrant: (statement: Statement<'grant'>) => void;
  /** Returns the newest known version of a record in a list. Undefined if the list did not contain the record yet. */
  readonly listedRecord: (list: RecordList, record: RecordId) => ListedRecord | undefined;
  /** Returns the ids of the records that the list contained for this folder. */
  readonly listedIn: (list: RecordList, folder: FolderId) => readonly RecordId[];
  /**
   * Stores a record version that the list of this folder contains. A version older than the known one changes nothing. A record that was known in the folder
   * in which it was filed stays there, because a grant may show it in a single-record folder too.
   * @throws {ClientError} `rolled-back` for another statement with a known version, a next version that does not name the known one, or a version that was
   *   filed in another folder than the known one
   */
  readonly noteListed: (list: RecordList, folder: FolderId, statement: Statement<'record'>) => void;
  /** Forgets a record that was deleted. */
  readonly forgetListed: (list: RecordList, record: RecordId) => void;
  /** Returns the head of the verified part of the audit trail. */
  readonly auditHead: () => ChainHead;
  readonly noteAudit: (head: ChainHead) => void;
  /** Returns the head of the owner's chain of statements, as far as this client has verified the chain. */
  readonly chainHead: () => EntryHead;
  /** Stores the head of the chain, unless it is behind the known one, because several clients of one identity may use the same memory. */
  readonly noteChain: (head: EntryHead) => void;
  /** Returns the pending entries, oldest first. */
  readonly pending: () => readonly PendingEntry[];
  readonly addPending: (entry: PendingEntry) => void;
  /** Removes a pending entry that was not sent. */
  readonly dropPending: (entry: PendingEntry) => void;
  /** Removes this entry, and the entries that it names as void, from the pending ones, because the chain now has it. */
  readonly settlePending: (entry: Statement<'entry'>) => void;
  readonly isVerified: (id: IdentityId) => boolean;
  /** Stores the fact that the owner has verified this id in person. @throws {ClientError} `bad-argument` if it is no identity id */
  readonly noteVerified: (id: IdentityId) => void;
  readonly isRevoked: (id: GrantId) => boolean;
  /** Stores the fact that the owner revokes this grant, before the service confirms it. */
  readonly noteRevoked: (id: GrantId) => void;
  readonly serviceKey: () => string | undefined;
  /** Stores the service key. @throws {ClientError} `rolled-back` for another key than the known one */
  readonly noteServiceKey: (key: string) => void;
  /** Returns a snapshot. The caller stores it and passes it to {@link importMemory} at the next start. */
  readonly export: () => MemorySnapshot;
}

const headOf = ({ number, hash }: z.infer<typeof entryHead>): EntryHead =>
  hash === undefined ? { number } : { number, hash };

const rolledBack = (what: Check, why: string): ClientError => new ClientError('rolled-back', `refused: ${why}`, what);

const start = (owner: IdentityId): MemorySnapshot => ({
  format: 'pcehr-memory',
  version: 1,
  owner,
  identities: {},
  folders: {},
  records: {},
  grants: {},
  audit: EMPTY_CHAIN,
  chain: NO_ENTRIES,
  pending: [],
  verified: [],
  revoked: [],
});

/** Parses the text as an identity id. @throws {ClientError} `bad-argument` */
const identityIdFrom = (id: string): IdentityId => {
  try {
    return parseIdentityId(id);
  } catch {
    throw new ClientError('bad-argument', 'this is no identity id');
  }
};

/** Creates an empty memory, or one that continues from a snapshot. */
export const createMemory = (owner: IdentityId, from: MemorySnapshot = start(owner)): Memory => {
  const identities = new Map(Object.entries(from.identities));
  const folders = new Map(Object.entries(from.folders));
  const grants = new Map(Object.entries(from.grants));
  const records = new Map(Object.entries(from.records).map(([list, known]) => [list, new Map(Object.entries(known))]));
  const verified = new Set(from.verified);
  const revoked = new Set(from.revoked);
  let audit: ChainHead = from.audit;
  let chain: EntryHead = headOf(from.chain);
  let pending: readonly PendingEntry[] = from.pending;
  let { serviceKey } = from;
  return {
    owner,
    noteIdentity: ({ hash, payload: { id, number, next } }) => {
      const seen = identities.get(id);
      if (seen !== undefined && number < seen.number)
        throw rolledBack('identity', 'an identity statement older than the one known');
      if (seen?.number === number && seen.hash !== hash)
        throw rolledBack('identity', 'two identity statements with one number');
      if (seen !== undefined && seen.next !== next) throw rolledBack('identity', 'an identity changed its successor');
      identities.set(id, { number, hash, next });
    },
    noteFolder: ({ hash, payload: { folder, epoch, previous } }) => {
      const seen = folders.get(folder);
      if (seen !== undefined && epoch < seen.epoch)
        throw rolledBack('folder', 'a folder statement older than the one known');
      if (seen?.epoch === epoch && seen.hash !== hash)
        throw rolledBack('folder', 'two folder statements with one epoch');
      if (seen?.epoch === epoch - 1 && seen.hash !== previous)
        throw rolledBack('folder', 'a folder statement that does not follow the one known');
      folders.set(folder, { epoch, hash });
    },
    knowsNewer: ({ payload: { folder, epoch } }) => (folders.get(folder)?.epoch ?? 0) > epoch,
    noteGrant: ({ hash, payload: { grant } }) => {
      if ((grants.get(grant) ?? hash) !== hash) throw rolledBack('grant', 'two grants with one id');
      grants.set(grant, hash);
    },
    listedRecord: (list, record) => records.get(list)?.get(record),
    listedIn: (list, folder) =>
      [...(records.get(list) ?? [])].flatMap(([id, r]) => (r.folder === folder ? [id as RecordId] : [])),
    noteListed: (list, shownIn, { hash, payload: { record, version, previous, folder: home } }) => {
      const seen = records.get(list)?.get(record);
      if (seen?.version === version && seen.hash !== hash)
        throw rolledBack('record', 'two record statements with one version');
      if (seen?.version === version - 1 && seen.hash !== previous)
        throw rolledBack('record', 'a record statement that does not follow the one known');
      if (seen !== undefined && seen.home !== home)
        throw rolledBack('record', 'a record statement for another folder than the one known');
      if (seen !== undefined && version < seen.version) return;
      const folder = seen?.folder === home ? home : shownIn;
      const listed = records.get(list) ?? new Map<string, ListedRecord>();
      records.set(list, listed.set(record, { version, hash, folder, home }));
    },
    forgetListed: (list, record) => void records.get(list)?.delete(record),
    auditHead: () => audit,
    noteAudit: (head) => {
      audit = head;
    },
    chainHead: () => chain,
    noteChain: (head) => {
      if (head.number >= chain.number) chain = head;
    },
    pending: () => pending,
    addPending: (entry) => {
      pending = [...pending, entry];
    },
    dropPending: (entry) => {
      pending = pending.filter((p) => p !== entry);
    },
    settlePending: ({ hash, payload }) => {
      const settled = new Set([hash, ...(payload.voids ?? []).map((v) => v.entry)]);
      pending = pending.filter((p) => !settled.has(p.hash));
    },
    isVerified: (id) => verified.has(id),
    noteVerified: (id) => void verified.add(identityIdFrom(id)),
    isRevoked: (id) => revoked.has(id),
    noteRevoked: (id) => void revoked.add(id),
    serviceKey: () => serviceKey,
    noteServiceKey: (key) => {
      if (serviceKey !== undefined && serviceKey !== key)
        throw rolledBack('service-key', 'the service signs with another key');
      serviceKey = key;
    },
    export: () => ({
      ...start(owner),
      identities: Object.fromEntries(identities),
      folders: Object.fromEntries(folders),
      records: Object.fromEntries([...records].map(([list, known]) => [list, Object.fromEntries(known)])),
      grants: Object.fromEntries(grants),
      audit: { ...audit },
      chain: { ...chain },
      pending: [...pending],
      verified: [...verified],
      revoked: [...revoked],
      ...(serviceKey === undefined ? {} : { serviceKey }),
    }),
  };
};

/** Creates a memory from a stored snapshot. @throws {ClientError} `bad-memory` for a damaged snapshot, or for one of another owner */
export const importMemory = (owner: IdentityId, json: unknown): Memory => {
  const parsed = snapshot.safeParse(json);
  if (!parsed.success) throw new ClientError('bad-memory', 'the memory is damaged');
  if (parsed.data.owner !== owner) throw new ClientError('bad-memory', 'the memory is of another identity');
  return createMemory(owner, parsed.data);
};
