// Signing container: a container with KMS, for the few functions that sign for the service. It makes the KMS client when it signs for the first time.
import { KMSClient } from '@aws-sdk/client-kms';
import { makeServiceSigner } from '../stores/kms/service-signer.ts';
import type { ServiceSigner } from '../ports/index.ts';
import { commonOf, makeContainer, TIMES, type Container, type ContainerOptions } from './container.ts';
import { processEnv, readEnv } from './env.ts';
import { once } from './once.ts';

export type SigningContainer = Container & { readonly serviceSigner: ServiceSigner };

const NEEDED = ['SERVICE_KEY', 'AWS_REGION', 'AWS_ENDPOINT_URL'] as const;

/** Adds the service's signatures to a container. */
export function withServiceSigner<C extends Container>(
  container: C,
  source: () => Readonly<Record<string, string | undefined>>,
  { onClient }: Pick<ContainerOptions, 'onClient'> = {},
): C & { readonly serviceSigner: ServiceSigner } {
  const serviceSigner = once(() => {
    const env = readEnv(source(), NEEDED);
    const kms = new KMSClient({ ...commonOf(env), requestHandler: TIMES.dynamo });
    onClient?.(kms);
    return makeServiceSigner(kms, env.SERVICE_KEY);
  });
  return Object.defineProperty(container, 'serviceSigner', { get: serviceSigner, enumerable: true }) as C & {
    readonly serviceSigner: ServiceSigner;
  };
}

export const signingContainer: SigningContainer = withServiceSigner(makeContainer(processEnv), processEnv);
