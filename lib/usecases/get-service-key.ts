// Use case get-service-key: returns the public service key. A client that has pinned the key does not need to trust later answers.
import type { Answer } from '../api/routes.ts';
import type { ServiceSigner } from '../ports/index.ts';

interface Deps {
  readonly serviceSigner: Pick<ServiceSigner, 'key'>;
}

export const getServiceKey = async ({ serviceSigner }: Deps): Promise<Answer<'get-service-key'>> => ({
  key: await serviceSigner.key(),
});
