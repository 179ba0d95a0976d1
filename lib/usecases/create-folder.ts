// A patient makes a folder, or starts its next epoch with a fresh key.
import { AppError } from '../api/errors.ts';
import type { Answer, Input } from '../api/routes.ts';
import { fromBase64url } from '../bytes/codec.ts';
import type { Payload } from '../statements/kinds.ts';
import { verifyStatement } from '../statements/verify.ts';
import { decodePublicKey } from '../umbral/proxy.ts';
import type { Call } from './call.ts';
import { registered } from './caller.ts';
import type { Folders, Identities, StoredCell } from './ports.ts';
import { mustBe } from './stated.ts';
import { folderAnswer } from './views.ts';

interface Deps {
  readonly identities: Pick<Identities, 'find'>;
  readonly folders: Pick<Folders, 'find' | 'put'>;
}

export async function createFolder(
  { identities, folders }: Deps,
  call: Call,
  { params, body }: Input<'create-folder'>,
): Promise<Answer<'create-folder'>> {
  const statement = await verifyStatement('folder', body.statement, call.caller);
  const { payload, hash } = statement;
  mustBe('folder', payload.folder === params.folderId);
  decodePublicKey(fromBase64url(payload.key));

  const [stored] = await Promise.all([folders.find(payload.folder), registered(identities, call.caller)]);
  if (stored?.statement.hash === hash) return folderAnswer(stored);
  assertFollows(payload, stored);

  await folders.put(
    statement,
    payload.previous,
    {
      kind: payload.epoch === 1 ? 'folder-created' : 'epoch-started',
      patient: payload.patient,
      actor: call.caller,
      subject: { folder: payload.folder, epoch: payload.epoch },
      at: call.now,
      statement: hash,
    },
    call,
  );
  return folderAnswer({ statement, state: 'current' });
}

/** Epoch 1 stands on nothing; every later one on the one before, with a key and a salt of its own and the same category. */
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
}
