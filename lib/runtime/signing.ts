// Where the few functions run that sign for the service: the container, and KMS, made at the first signature. The others do not carry it.
import { KMSClient } from '@aws-sdk/client-kms';
import { makeNotary } from '../stores/notary.ts';
import type { Notary } from '../usecases/ports.ts';
import { ATTEMPTS, makeContainer, TIMES, type Container, type ContainerOptions } from './container.ts';
import { processEnv, readEnv } from './env.ts';
import { once } from './once.ts';

export type SigningContainer = Container & { readonly notary: Notary };

const NEEDED = ['SERVICE_KEY', 'AWS_REGION', 'AWS_ENDPOINT_URL'] as const;

/** As {@link makeContainer}, with the service's signatures. */
export function makeSigningContainer(
  source: () => Readonly<Record<string, string | undefined>>,
  options: ContainerOptions = {},
): SigningContainer {
  const notary = once(() => {
    const env = readEnv(source(), NEEDED);
    const kms = new KMSClient({
      region: env.AWS_REGION,
      maxAttempts: ATTEMPTS,
      requestHandler: TIMES.dynamo,
      ...(env.AWS_ENDPOINT_URL === undefined ? {} : { endpoint: env.AWS_ENDPOINT_URL }),
    });
    options.onClient?.(kms);
    return makeNotary(kms, env.SERVICE_KEY);
  });
  const container = makeContainer(source, options);
  return Object.defineProperty(container, 'notary', { get: notary, enumerable: true }) as SigningContainer;
}

export const signingContainer: SigningContainer = makeSigningContainer(processEnv);
