// Remembers the newest verified statements, so that the client detects rollback: the newest identity statement of each identity, the newest epoch
// of each folder, and the verified head of the audit trail. Without memory a client can check signatures, but not that a statement is the newest.
import * as z from 'zod/mini';
import { parseIdentityId, type FolderId, type GrantId, type IdentityId } from '../../bytes/ids.ts';
import { EMPTY_CHAIN, type ChainHead } from '../../domain/audit-chain.ts';
import { count, identity, ordinal, point, randomId, sha256 } from '../../statements/fields.ts';
import type { Statement } from '../../statements/kinds.ts';
import { ClientError, type Check } from './errors.ts';

const seenIdentity = z.strictObject({ number: ordinal, hash: sha256, next: sha256 });
const seenFolder = z.strictObject({ epoch: ordinal, hash: sha256 });
const chainHead = z.strictObject({ seq: count, hash: sha256 });
const snapshot = z.strictObject({
  format: z.literal('pcehr-memory'),
  version: z.literal(1),
  owner: identity,
  identities: z.record(identity, seenIdentity),
  folders: z.record(randomId<FolderId>(), seenFolder),
  audit: chainHead,
  /** Ids that the owner verified in person. */
  verified: z._default(z.array(identity), []),
  /** Grants that the owner revoked. `toClose` has those whose cells are not closed yet. */
  revoked: z._default(z.array(randomId<GrantId>()), []),
  toClose: z._default(z.array(randomId<GrantId>()), []),
  /** The pinned service key. */
  serviceKey: z.optional(point),
});

/** A plain JSON value without secrets. It shows which identities the owner knows and which folders exist, so it is private. */
export type MemorySnapshot = z.infer<typeof snapshot>;

/** Stores the newest verified statements, and refuses older ones. */
export interface Memory {
  readonly owner: IdentityId;
  /** Stores an identity statement. @throws {ClientError} `rolled-back` for a lower number, another statement of the same number, or a changed successor */
  readonly noteIdentity: (statement: Statement<'identity'>) => void;
  /**
   * Stores a folder statement.
   * @throws {ClientError} `rolled-back` for a lower epoch, another statement of the same epoch, or a next epoch whose `previous` is not the known statement
   */
  readonly noteFolder: (statement: Statement<'folder'>) => void;
  /** The head of the verified part of the audit trail. */
  readonly auditHead: () => ChainHead;
  readonly noteAudit: (head: ChainHead) => void;
  readonly isVerified: (id: IdentityId) => boolean;
  /** Stores the fact that the owner has verified this id in person. @throws {ClientError} `bad-argument` if it is no identity id */
  readonly noteVerified: (id: IdentityId) => void;
  readonly isRevoked: (id: GrantId) => boolean;
  /** Notes that the owner revokes this grant, before the service confirms it. The cells of a grant with key fragments must be closed afterwards. */
  readonly noteRevoked: (id: GrantId, hasKeyFragments: boolean) => void;
  readonly toClose: () => readonly GrantId[];
  readonly noteClosed: (id: GrantId) => void;
  readonly serviceKey: () => string | undefined;
  /** Stores the service key. @throws {ClientError} `rolled-back` for another key than the known one */
  readonly noteServiceKey: (key: string) => void;
  /** Returns a snapshot. The caller stores it and passes it to {@link importMemory} at the next start. */
  readonly export: () => MemorySnapshot;
}

const rolledBack = (what: Check, why: string): ClientError => new ClientError('rolled-back', `refused: ${why}`, what);

const start = (owner: IdentityId): MemorySnapshot => ({
  format: 'pcehr-memory',
  version: 1,
  owner,
  identities: {},
  folders: {},
  audit: EMPTY_CHAIN,
  verified: [],
  revoked: [],
  toClose: [],
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
  const verified = new Set(from.verified);
  const revoked = new Set(from.revoked);
  const toClose = new Set(from.toClose);
  let audit: ChainHead = from.audit;
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
    auditHead: () => audit,
    noteAudit: (head) => {
      audit = head;
    },
    isVerified: (id) => verified.has(id),
    noteVerified: (id) => void verified.add(identityIdFrom(id)),
    isRevoked: (id) => revoked.has(id),
    noteRevoked: (id, hasKeyFragments) => {
      if (hasKeyFragments) toClose.add(id);
      revoked.add(id);
    },
    toClose: () => [...toClose],
    noteClosed: (id) => void toClose.delete(id),
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
      audit: { ...audit },
      verified: [...verified],
      revoked: [...revoked],
      toClose: [...toClose],
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
