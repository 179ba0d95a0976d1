// Use case extend-grant: the patient adds cells to a grant: cells of a folder's next epoch, or of a folder that a standing grant covers. Nothing else of
// the grant changes.
import type { Answer, Input } from '../api/routes.ts';
import type { EventDraft } from '../domain/audit-chain.ts';
import type { Statement } from '../statements/kinds.ts';
import type { Call } from '../ports/call.ts';
import { awaitAllInOrder } from './shared/await-all-in-order.ts';
import { whileRegistered } from './checks/caller.ts';
import { mustBeStored, withEntry } from './checks/entry.ts';
import { extendable, ownGrant, readExtension } from './checks/extension.ts';
import { factsOf, ownCells, type GrantDeps } from './checks/grant.ts';
import type { Grants, StatementChain, StoredGrant } from '../ports/index.ts';
import { mustBe } from './checks/statement-members.ts';
import { grantAnswer } from './shared/answers.ts';

interface Deps extends GrantDeps {
  readonly grants: Pick<Grants, 'find' | 'extend'>;
  readonly chain: Pick<StatementChain, 'has'>;
}

export async function extendGrant(
  deps: Deps,
  call: Call,
  { params, body }: Input<'extend-grant'>,
): Promise<Answer<'extend-grant'>> {
  const statement = await readExtension(body, call);
  const { payload, hash } = statement;
  mustBe('grant', payload.grant === params.grantId);
  const act = await withEntry(call, body, [statement]);

  // If several of these reads fail, the error of ownGrant is thrown, so that a caller learns nothing about the grants of others.
  const reading = awaitAllInOrder([ownGrant(deps.grants, params.grantId, call), ownCells(deps.folders, payload)]);
  const [patient, [grant, cells]] = await whileRegistered(deps.identities, call.caller, reading);
  if (grant.extended.hash === hash) {
    await mustBeStored(deps.chain, act);
    return grantAnswer(grant, call.now);
  }

  const extension = extendable({ statement, kfrags: body.kfrags }, grant, { patient, folders: factsOf(cells) }, call);
  const { repeated } = await deps.grants.extend(extension, extended(statement, call), act);
  const now = repeated ? await deps.grants.find(params.grantId) : undefined;
  return grantAnswer(now ?? grown(grant, statement), call.now);
}

const grown = (grant: StoredGrant, { payload, hash }: Statement<'extension'>): StoredGrant => ({
  ...grant,
  extended: { number: payload.number, hash },
});

const extended = ({ payload, hash }: Statement<'extension'>, call: Call): EventDraft => ({
  kind: 'grant-extended',
  patient: call.caller,
  actor: call.caller,
  subject: { grant: payload.grant, folders: [...new Set(payload.cells.map((c) => c.folder))] },
  at: call.now,
  statement: hash,
});
