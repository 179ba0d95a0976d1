// Extension checks: checks an extension before it is stored, alone or together with a new cell.
import { AppError } from '../../api/errors.ts';
import type { Input } from '../../api/routes.ts';
import { extensionFault, endAt, takesIn, type FolderFacts } from '../../domain/grant.ts';
import type { Statement } from '../../statements/kinds.ts';
import { verifyStatement } from '../../statements/verify.ts';
import type { Call } from '../../ports/call.ts';
import { assertKFrags, keysOf } from './grant.ts';
import type { Grants, NewExtension, StoredGrant, StoredIdentity } from '../../ports/index.ts';
import { mustHaveNo } from './statement-members.ts';

type ExtensionBody = Pick<Input<'extend-grant'>['body'], 'statement' | 'kfrags'>;

/** Verifies that the caller signed the extension and that its members are valid. It reads no stored state. @throws {AppError} `statement-invalid` */
export async function readExtension({ statement: jws }: ExtensionBody, call: Call): Promise<Statement<'extension'>> {
  const statement = await verifyStatement('extension', jws, call.caller);
  mustHaveNo(extensionFault(statement.payload));
  return statement;
}

/** Finds a grant that the caller gave as patient. @throws {AppError} `not-found` */
export async function ownGrant(
  grants: Pick<Grants, 'find'>,
  id: Parameters<Grants['find']>[0],
  call: Call,
): Promise<StoredGrant> {
  const grant = await grants.find(id);
  if (grant?.statement.payload.patient !== call.caller) throw new AppError('not-found');
  return grant;
}

/**
 * Checks that an extension may be stored: its grant is a grant to read, has not ended and covers the folders, and the extension follows the last extension of
 * the grant.
 * @param folders the folders of the extension's cells, in the same order
 * @throws {AppError} `grant-ended`, `grant-exceeds-request`, `statement-outdated`, `kfrag-invalid`, `statement-invalid`
 */
export function extendable(
  { statement, kfrags }: { readonly statement: Statement<'extension'>; readonly kfrags: readonly string[] },
  grant: StoredGrant,
  { patient, folders }: { readonly patient: StoredIdentity; readonly folders: readonly FolderFacts[] },
  call: Call,
): NewExtension {
  const { payload } = statement;
  const reason = endAt(grant.status, call.now);
  if (reason !== undefined) throw new AppError('grant-ended', { reason });
  if (!folders.every((f) => takesIn(grant.statement.payload, f)))
    throw new AppError('grant-exceeds-request', { member: 'cells' });
  const { number, hash } = grant.extended;
  if (payload.number !== number + 1 || payload.previous !== hash) throw new AppError('statement-outdated');
  assertKFrags(payload.cells, kfrags, keysOf(patient, grant.statement.payload));
  return { statement, kfrags };
}
