// Verifies entries of the caller's own chain as the service returns them: signature, service key, order, and the statements that each entry names.
import { followsHead, isSameList, type EntryHead } from '../../domain/statement-chain.ts';
import type { IdentityId } from '../../bytes/ids.ts';
import type { Jws, Statement } from '../../statements/kinds.ts';
import { claimOf, verifyStatement } from '../../statements/verify.ts';
import { check, checked } from '../session/errors.ts';
import type { VerifiedEntry } from './given-access.ts';

/** An entry with its statements, as `list-chain` returns it. */
export interface EntryView {
  readonly entry: Jws;
  readonly statements: readonly Jws[];
  readonly voided?: readonly Jws[] | undefined;
}

/** The owner of a chain, and the service key that its entries must name. */
export interface ChainOwner {
  readonly id: IdentityId;
  readonly service: string;
}

/** Verifies a statement of any kind. This identity must have signed it. */
const verifyAny = (jws: Jws, id: IdentityId): Promise<Statement> => verifyStatement(claimOf(jws).kind, jws, id);

const hashesOf = (statements: readonly Statement[]) => statements.map((s) => s.hash);

/**
 * Verifies an entry that must follow `head`. The service returned the entry, or this client has just signed it.
 * @throws {ClientError} `unverified` (`chain`)
 */
export const verifyEntry = (head: EntryHead, view: EntryView, owner: ChainOwner): Promise<VerifiedEntry> =>
  checked('chain', async () => {
    const { entry: jws, statements, voided = [] } = view;
    const entry = await verifyStatement('entry', jws, owner.id);
    const { payload } = entry;
    check('chain', payload.service === owner.service && followsHead(payload, head));
    const named = await Promise.all(statements.map((s) => verifyAny(s, owner.id)));
    const withdrawn = await Promise.all(voided.map((s) => verifyAny(s, owner.id)));
    check('chain', isSameList(payload.statements, hashesOf(named)));
    const voids = (payload.voids ?? []).flatMap((v) => v.statements);
    check('chain', isSameList(voids, hashesOf(withdrawn)));
    return { entry, statements: named, voided: withdrawn };
  });
