// Use case deny-request: the patient denies a pending request.
import { AppError } from '../api/errors.ts';
import type { Answer, Input } from '../api/routes.ts';
import { isOpen } from '../domain/request.ts';
import { verifyStatement } from '../statements/verify.ts';
import type { Call } from '../ports/call.ts';
import { withEntry } from './checks/entry.ts';
import { findRegistered } from './checks/caller.ts';
import type { Identities, Requests, StatementChain } from '../ports/index.ts';
import { mustBe } from './checks/statement-members.ts';
import { requestAnswer } from './shared/answers.ts';

interface Deps {
  readonly identities: Pick<Identities, 'find'>;
  readonly requests: Pick<Requests, 'find' | 'deny'>;
  readonly chain: Pick<StatementChain, 'has'>;
}

export async function denyRequest(
  { identities, requests, chain }: Deps,
  call: Call,
  { params, body }: Input<'deny-request'>,
): Promise<Answer<'deny-request'>> {
  const statement = await verifyStatement('denial', body.statement, call.caller);
  const { payload, hash } = statement;
  mustBe('request', payload.request === params.requestId);
  const act = await withEntry(call, body, [statement]);

  const [request] = await Promise.all([requests.find(params.requestId), findRegistered(identities, call.caller)]);
  if (request?.statement.payload.patient !== call.caller) throw new AppError('not-found');
  mustBe('of', payload.of === request.statement.hash);
  if (request.state === 'denied' && (await chain.has(act.entry.statement))) return requestAnswer(request, call.now);
  if (!isOpen(request, call.now)) throw new AppError('request-closed');

  await requests.deny(
    request,
    statement,
    {
      kind: 'request-denied',
      patient: call.caller,
      actor: call.caller,
      subject: { request: payload.request },
      at: call.now,
      statement: hash,
    },
    act,
  );
  return requestAnswer({ ...request, state: 'denied' }, call.now);
}
