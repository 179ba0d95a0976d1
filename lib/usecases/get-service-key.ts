// The public key of the service's signatures. Whoever pins it needs no further trust in this answer.
import type { Answer } from '../api/routes.ts';
import type { ServiceSigner } from '../ports/index.ts';

interface Deps {
  readonly serviceSigner: Pick<ServiceSigner, 'key'>;
}

export const getServiceKey = async ({ serviceSigner }: Deps): Promise<Answer<'get-service-key'>> => ({
  key: await serviceSigner.key(),
});
