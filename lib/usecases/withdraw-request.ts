// Use case withdraw-request: the recipient withdraws a pending request.
import { AppError } from '../api/errors.ts';
import type { Answer, Input } from '../api/routes.ts';
import { isOpen } from '../domain/request.ts';
import { verifyStatement } from '../statements/verify.ts';
import type { Call } from '../ports/call.ts';
import { findRegistered } from './checks/caller.ts';
import type { Identities, Requests } from '../ports/index.ts';
import { mustBe } from './checks/statement-members.ts';
import { requestAnswer } from './shared/answers.ts';

interface Deps {
  readonly identities: Pick<Identities, 'find'>;
  readonly requests: Pick<Requests, 'find' | 'withdraw'>;
}

export async function withdrawRequest(
  { identities, requests }: Deps,
  call: Call,
  { params, body }: Input<'withdraw-request'>,
): Promise<Answer<'withdraw-request'>> {
  const statement = await verifyStatement('withdrawal', body.statement, call.caller);
  const { payload, hash } = statement;
  mustBe('request', payload.request === params.requestId);

  const [request] = await Promise.all([requests.find(params.requestId), findRegistered(identities, call.caller)]);
  if (request?.statement.payload.recipient !== call.caller) throw new AppError('not-found');
  mustBe('of', payload.of === request.statement.hash);
  mustBe('patient', payload.patient === request.statement.payload.patient);
  if (request.state === 'withdrawn') return requestAnswer(request, call.now);
  if (!isOpen(request, call.now)) throw new AppError('request-closed');

  await requests.withdraw(
    request,
    statement,
    {
      kind: 'request-withdrawn',
      patient: payload.patient,
      actor: call.caller,
      subject: { request: payload.request },
      at: call.now,
      statement: hash,
    },
    call,
  );
  return requestAnswer({ ...request, state: 'withdrawn' }, call.now);
}
