// Where the few functions run that sign for the service: the container, and KMS, made at the first signature. The others do not carry it.
import { KMSClient } from '@aws-sdk/client-kms';
import { makeNotary } from '../stores/kms/service-signer.ts';
import type { Notary } from '../ports/index.ts';
import { commonOf, makeContainer, TIMES, type Container, type ContainerOptions } from './container.ts';
import { processEnv, readEnv } from './env.ts';
import { once } from './once.ts';

export type SigningContainer = Container & { readonly notary: Notary };

const NEEDED = ['SERVICE_KEY', 'AWS_REGION', 'AWS_ENDPOINT_URL'] as const;

/** A container with the service's signatures. */
export function withNotary<C extends Container>(
  container: C,
  source: () => Readonly<Record<string, string | undefined>>,
  { onClient }: Pick<ContainerOptions, 'onClient'> = {},
): C & { readonly notary: Notary } {
  const notary = once(() => {
    const env = readEnv(source(), NEEDED);
    const kms = new KMSClient({ ...commonOf(env), requestHandler: TIMES.dynamo });
    onClient?.(kms);
    return makeNotary(kms, env.SERVICE_KEY);
  });
  return Object.defineProperty(container, 'notary', { get: notary, enumerable: true }) as C & {
    readonly notary: Notary;
  };
}

export const signingContainer: SigningContainer = withNotary(makeContainer(processEnv), processEnv);
