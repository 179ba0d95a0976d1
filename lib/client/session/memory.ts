// What a client must remember to notice that it is shown the past: the newest identity statement of everybody it met, the newest epoch of each
// folder, and how far it has verified its own audit trail. A client without memory can check signatures, but not that they are the latest.
import * as z from 'zod/mini';
import type { FolderId, GrantId, IdentityId } from '../../bytes/ids.ts';
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
  /** Ids that the owner made sure of in person. */
  verified: z._default(z.array(identity), []),
  /** Grants that the owner revoked; of these, the ones whose cells are still to be closed. */
  revoked: z._default(z.array(randomId<GrantId>()), []),
  toClose: z._default(z.array(randomId<GrantId>()), []),
  /** With which the service signs. */
  serviceKey: z.optional(point),
});

/** Plain JSON. Holds no secret, but whom the owner met and which folders it has. */
export type MemorySnapshot = z.infer<typeof snapshot>;

/** Keeps the newest of what was verified, and refuses anything older. */
export interface Memory {
  readonly owner: IdentityId;
  /** @throws {ClientError} `rolled-back` for a lower number, another statement of the same number, or a changed successor */
  readonly noteIdentity: (statement: Statement<'identity'>) => void;
  /** @throws {ClientError} `rolled-back` for a lower epoch, another statement of the same epoch, or a next one that does not follow */
  readonly noteFolder: (statement: Statement<'folder'>) => void;
  /** The end of the audit trail as far as it was verified. */
  readonly auditHead: () => ChainHead;
  readonly noteAudit: (head: ChainHead) => void;
  readonly isVerified: (id: IdentityId) => boolean;
  /** The owner made sure that this id is whom it should be. */
  readonly noteVerified: (id: IdentityId) => void;
  readonly isRevoked: (id: GrantId) => boolean;
  /** The owner revokes this grant, whatever the service says to it. Its cells are to be closed if it reads any. */
  readonly noteRevoked: (id: GrantId, reads: boolean) => void;
  readonly toClose: () => readonly GrantId[];
  readonly noteClosed: (id: GrantId) => void;
  readonly serviceKey: () => string | undefined;
  /** @throws {ClientError} `rolled-back` for another key than the one known */
  readonly noteServiceKey: (key: string) => void;
  /** To be kept by the caller, and handed to {@link importMemory} next time. */
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

/** A memory that knows nothing yet, or goes on from a snapshot. */
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
    noteVerified: (id) => void verified.add(id),
    isRevoked: (id) => revoked.has(id),
    noteRevoked: (id, reads) => {
      if (reads) toClose.add(id);
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

/** @throws {ClientError} `bad-memory` for a damaged snapshot or one of another owner */
export const importMemory = (owner: IdentityId, json: unknown): Memory => {
  const parsed = snapshot.safeParse(json);
  if (!parsed.success) throw new ClientError('bad-memory', 'the memory is damaged');
  if (parsed.data.owner !== owner) throw new ClientError('bad-memory', 'the memory is of another identity');
  return createMemory(owner, parsed.data);
};
