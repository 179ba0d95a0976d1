// Use case get-time: returns the signed time of the service, by which a client corrects its clock. The client's nonce proves that the answer is new.
import type { Answer, Input } from '../api/routes.ts';
import type { Call } from '../ports/call.ts';
import type { ServiceSigner } from '../ports/index.ts';

interface Deps {
  readonly serviceSigner: Pick<ServiceSigner, 'time'>;
}

export const getTime = async (
  { serviceSigner }: Deps,
  { now }: Pick<Call, 'now'>,
  { query }: Input<'get-time'>,
): Promise<Answer<'get-time'>> => serviceSigner.time({ nonce: query.nonce, when: now });
