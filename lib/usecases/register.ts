// Use case register: an identity stores its statement, or replaces it with the next one. The identity id is the public key, so nobody else can sign the
// statement.
import type { Answer, Input } from '../api/routes.ts';
import { AppError } from '../api/errors.ts';
import { fromBase64url } from '../bytes/codec.ts';
import { possessionMessage } from '../statements/receiving-key-proof-message.ts';
import type { Statement } from '../statements/kinds.ts';
import { verifyStatement } from '../statements/verify.ts';
import { verifyMessage } from '../umbral/proxy.ts';
import type { Call } from '../ports/call.ts';
import type { Identities, StatementChain, StoredIdentity } from '../ports/index.ts';
import { mustBeStored, withEntry } from './checks/entry.ts';
import { mustBePoint } from './checks/curve-points.ts';
import { mustBe } from './checks/statement-members.ts';
import { identityAnswer } from './shared/answers.ts';

interface Deps {
  readonly identities: Identities;
  readonly chain: Pick<StatementChain, 'has'>;
}

export async function register(
  { identities, chain }: Deps,
  call: Call,
  { params, body }: Input<'register'>,
): Promise<Answer<'register'>> {
  mustBe('id', params.id === call.caller);
  const statement = await verifyStatement('identity', body.statement, call.caller);
  assertKeys(statement.payload);
  const act = await withEntry(call, body, [statement]);

  const stored = await identities.find(call.caller);
  if (stored?.statement.hash === statement.hash) {
    await mustBeStored(chain, act);
    return identityAnswer(stored);
  }
  assertFollows(statement.payload, stored);

  const { payload, hash } = statement;
  await identities.put(
    statement,
    stored?.statement.hash,
    { kind: 'registered', patient: payload.id, actor: payload.id, subject: {}, at: call.now, statement: hash },
    act,
  );
  return identityAnswer({ statement, state: 'active' });
}

/** Checks that the keys of Umbral are points of the curve, and that a proof shows that the caller has the private receiving key. */
function assertKeys({ id, receiving, kfragSigner }: Statement<'identity'>['payload']): void {
  mustBePoint('kfragSigner', kfragSigner);
  const key = mustBePoint('receiving', receiving.key);
  const message = possessionMessage(id, receiving.number, fromBase64url(receiving.key));
  mustBe('receiving', verifyMessage(key, message, fromBase64url(receiving.proof)));
}

/**
 * Checks that the number is one more than that of the stored statement, that `previous` is the hash of the stored statement, that `next` (the key of the next
 * generation) and `kfragSigner` have not changed, and that the number of the receiving key has not fallen.
 */
function assertFollows(p: Statement<'identity'>['payload'], stored: StoredIdentity | undefined): void {
  const last = stored?.statement;
  if (p.number !== (last?.payload.number ?? 0) + 1 || p.previous !== last?.hash)
    throw new AppError('statement-outdated');
  mustBe('next', last === undefined || p.next === last.payload.next);
  mustBe('kfragSigner', last === undefined || p.kfragSigner === last.payload.kfragSigner);
  mustBe('receiving', last === undefined || p.receiving.number >= last.payload.receiving.number);
}
