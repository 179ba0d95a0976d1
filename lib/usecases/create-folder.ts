// Use case create-folder: a patient makes a folder, or starts its next epoch with a new key.
import { AppError } from '../api/errors.ts';
import type { Answer, Input } from '../api/routes.ts';
import type { IdentityId } from '../bytes/ids.ts';
import type { EventDraft } from '../domain/audit-chain.ts';
import type { Payload, Statement } from '../statements/kinds.ts';
import { verifyStatement } from '../statements/verify.ts';
import type { Call } from '../ports/call.ts';
import { findRegistered } from './checks/caller.ts';
import { assertCapsule, mustNameLabel } from './checks/wrap.ts';
import { carriedInto, carriedStatements } from './checks/carried-extensions.ts';
import type {
  Folders,
  Grants,
  Identities,
  NewExtension,
  Records,
  StatementChain,
  StoredCell,
  StoredWrap,
} from '../ports/index.ts';
import { mustBeStored, withEntry } from './checks/entry.ts';
import { mustBePoint } from './checks/curve-points.ts';
import { mustBe } from './checks/statement-members.ts';
import { folderAnswer } from './shared/answers.ts';

interface Deps {
  readonly identities: Pick<Identities, 'find'>;
  readonly folders: Pick<Folders, 'find' | 'put'>;
  readonly records: Pick<Records, 'version'>;
  readonly grants: Pick<Grants, 'find'>;
  readonly chain: Pick<StatementChain, 'has'>;
}

export async function createFolder(
  deps: Deps,
  call: Call,
  { params, body }: Input<'create-folder'>,
): Promise<Answer<'create-folder'>> {
  const { identities, folders } = deps;
  const statement = await verifyStatement('folder', body.statement, call.caller);
  const { payload, hash } = statement;
  mustBe('folder', payload.folder === params.folderId);
  mustBePoint('key', payload.key);
  mustBe('single', (payload.single === undefined) === (body.wrap === undefined));

  const carried = await carriedStatements({ statement, body }, call);
  const act = await withEntry(call, body, [statement, ...carried]);

  const [stored, patient] = await Promise.all([folders.find(payload.folder), findRegistered(identities, call.caller)]);
  if (stored?.statement.hash === hash) {
    await mustBeStored(deps.chain, act);
    return folderAnswer(stored);
  }
  assertFollows(payload, stored);
  const { single } = payload;
  const wrap = single && body.wrap && (await singleWrap(deps, payload.patient, single, body.wrap));
  const extensions = await carriedInto(
    { cell: statement, statements: carried, body },
    { grants: deps.grants, patient },
    call,
  );

  await folders.put(statement, payload.previous, created(statement, extensions, call), act, {
    ...(wrap === undefined ? {} : { wrap }),
    extensions,
  });
  return folderAnswer({ statement, state: 'current' });
}

const created = (
  { payload: { patient, folder, epoch, single }, hash }: Statement<'folder'>,
  extensions: readonly NewExtension[],
  call: Call,
): EventDraft => ({
  kind: epoch === 1 ? 'folder-created' : 'epoch-started',
  patient,
  actor: call.caller,
  subject: {
    folder,
    epoch,
    ...(single === undefined ? {} : { records: [{ record: single.record, version: single.version }] }),
    ...(extensions.length === 0 ? {} : { grants: extensions.map((e) => e.statement.payload.grant) }),
  },
  at: call.now,
  statement: hash,
});

/**
 * Checks the wrap of a single-record folder: the folder statement contains the hash of the wrap's label, the record version is committed and belongs to the
 * patient, and the capsule can be re-encrypted.
 */
async function singleWrap(
  { records }: Deps,
  patient: IdentityId,
  single: NonNullable<Payload<'folder'>['single']>,
  wrap: StoredWrap,
): Promise<StoredWrap> {
  mustNameLabel('single', single.label, wrap);
  const version = await records.version(single.record, single.version);
  if (version?.state !== 'committed' || version.statement.payload.patient !== patient) throw new AppError('not-found');
  assertCapsule(wrap);
  return wrap;
}

/**
 * Checks that epoch 1 names no previous statement. A later epoch must name the statement of the epoch before, with a new key, a new salt and the same category.
 */
function assertFollows(p: Payload<'folder'>, stored: StoredCell | undefined): void {
  if (p.epoch === 1) {
    mustBe('previous', p.previous === undefined);
    if (stored !== undefined) throw new AppError('already-exists');
    return;
  }
  if (stored?.statement.payload.patient !== p.patient) throw new AppError('not-found');
  const last = stored.statement.payload;
  if (p.epoch !== last.epoch + 1 || p.previous !== stored.statement.hash) throw new AppError('statement-outdated');
  mustBe('key', p.key !== last.key);
  mustBe('salt', p.salt !== last.salt);
  mustBe('category', p.category === last.category);
  mustBe('single', p.single?.record === last.single?.record);
}
