// Use case request-access: a recipient asks a patient for access. The answer does not reveal whether the folders exist; only the patient can see that.
import { AppError } from '../api/errors.ts';
import type { Answer, Input } from '../api/routes.ts';
import { requestFault, untilClockFault } from '../domain/request.ts';
import { verifyStatement } from '../statements/verify.ts';
import type { Call } from '../ports/call.ts';
import { findRegistered } from './checks/caller.ts';
import type { Identities, Requests, ServiceSigner, StoredRequest } from '../ports/index.ts';
import { mustBe, mustBeInTime, mustHaveNo } from './checks/statement-members.ts';
import { requestAnswer } from './shared/answers.ts';

interface Deps {
  readonly identities: Pick<Identities, 'find'>;
  readonly requests: Pick<Requests, 'find' | 'create'>;
  readonly serviceSigner: Pick<ServiceSigner, 'key'>;
}

export async function requestAccess(
  { identities, requests, serviceSigner }: Deps,
  call: Call,
  { params, body }: Input<'request-access'>,
): Promise<Answer<'request-access'>> {
  const statement = await verifyStatement('request', body.statement, call.caller);
  const { payload, hash } = statement;
  mustBe('request', payload.request === params.requestId);

  const [recipient, patient, stored, service] = await Promise.all([
    findRegistered(identities, call.caller),
    identities.find(payload.patient),
    requests.find(payload.request),
    serviceSigner.key(),
  ]);
  if (stored?.statement.hash === hash) return requestAnswer(stored, call.now);
  mustBeInTime('until', untilClockFault(payload.until, call.now), call.now);
  mustHaveNo(requestFault(payload, { now: call.now, service }));
  if (patient === undefined) throw new AppError('not-found');
  const own = recipient.statement.payload.receiving;
  mustBe('receiving', payload.receiving.number === own.number && payload.receiving.key === own.key);

  await requests.create(
    statement,
    {
      kind: 'access-requested',
      patient: payload.patient,
      actor: call.caller,
      subject: {
        request: payload.request,
        ...('folders' in payload.scope ? { folders: payload.scope.folders } : {}),
        purpose: payload.purpose,
      },
      at: call.now,
      statement: hash,
    },
    call,
  );
  const created: StoredRequest = { statement, state: 'pending', until: payload.until, grants: [] };
  return requestAnswer(created, call.now);
}
