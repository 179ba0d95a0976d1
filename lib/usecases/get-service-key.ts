// The public key of the service's signatures. Whoever pins it needs no further trust in this answer.
import type { Answer } from '../api/routes.ts';
import type { Notary } from '../ports/index.ts';

interface Deps {
  readonly notary: Pick<Notary, 'key'>;
}

export const getServiceKey = async ({ notary }: Deps): Promise<Answer<'get-service-key'>> => ({
  key: await notary.key(),
});
