// Use case delete-record: the patient deletes a record. A transaction removes wraps and metadata; then the use case deletes the blobs. If a crash
// interrupted a deletion, a repeated call completes it.
import { AppError } from '../api/errors.ts';
import type { Answer, Input } from '../api/routes.ts';
import { UPLOAD_URL_END } from '../domain/record.ts';
import { verifyStatement } from '../statements/verify.ts';
import type { Call } from '../ports/call.ts';
import { withEntry } from './checks/entry.ts';
import { findRegistered } from './checks/caller.ts';
import type { Blobs, FiledBlob, Identities, Records, StatementChain } from '../ports/index.ts';
import { mustBe } from './checks/statement-members.ts';
import { next, versionAnswer } from './shared/answers.ts';

interface Deps {
  readonly identities: Pick<Identities, 'find'>;
  readonly records: Pick<Records, 'find' | 'versions' | 'delete' | 'blobs'>;
  readonly blobs: Pick<Blobs, 'purge' | 'replaceByEmpty'>;
  readonly chain: Pick<StatementChain, 'has'>;
}

export async function deleteRecord(
  deps: Deps,
  call: Call,
  { params, body }: Input<'delete-record'>,
): Promise<Answer<'delete-record'>> {
  const statement = await verifyStatement('deletion', body.statement, call.caller);
  const { payload, hash } = statement;
  mustBe('record', payload.record === params.recordId);
  const act = await withEntry(call, body, [statement]);

  const [head] = await Promise.all([deps.records.find(params.recordId), findRegistered(deps.identities, call.caller)]);
  if (head?.patient !== call.caller) throw new AppError('not-found');
  if (payload.of !== head.latestHash) throw new AppError('statement-outdated');
  if (head.deletion !== undefined && !(await deps.chain.has(act.entry.statement)))
    throw new AppError('statement-outdated');

  await deps.records.delete(
    head,
    statement,
    {
      kind: 'record-deleted',
      patient: head.patient,
      actor: call.caller,
      subject: { folder: head.folder, records: [{ record: head.record, version: head.latest }] },
      at: call.now,
      statement: hash,
    },
    act,
  );
  for (const blob of await deps.records.blobs(head.record)) await remove(deps.blobs, blob, call.now);

  const page = await deps.records.versions(head.record, {});
  return { versions: page.items.map((v) => versionAnswer(v)), deletion: head.deletion ?? statement.jws, ...next(page) };
}

/**
 * Removes the blob of a version. An upload URL that the author got before the commit may still be valid. For that time an empty object stays in the place of
 * the blob, so that nobody can store the blob again by this URL.
 */
const remove = (blobs: Deps['blobs'], { key, filed }: FiledBlob, now: number): Promise<void> =>
  filed > now - UPLOAD_URL_END ? blobs.replaceByEmpty(key) : blobs.purge(key);
