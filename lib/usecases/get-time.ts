// Returns the service's time, signed, so that a client can correct its clock. The nonce shows that the answer is not an old one.
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
