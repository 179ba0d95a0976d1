// Container: makes the DynamoDB client and the stores for the functions that need them. Only this folder makes AWS clients, one of each kind per process,
// at the first use. So a wrong configuration leads to an answer and a log line; a function that fails to start would give neither. A bundle contains only the
// clients that its function uses.
import { DynamoDBClient } from '@aws-sdk/client-dynamodb';
import type { KMSClient } from '@aws-sdk/client-kms';
import type { S3Client } from '@aws-sdk/client-s3';
import type { Runtime } from '../http/log-events.ts';
import { makeStores, type Stores, type StoresInit } from '../stores/index.ts';
import { processEnv, readEnv } from './env.ts';
import { once } from './once.ts';
import { makeRuntime } from './stateless-container.ts';

export type Container = Stores & Runtime;

export type AwsClient = DynamoDBClient | S3Client | KMSClient;

export interface ContainerOptions extends Partial<Pick<Runtime, 'log' | 'clock'>> {
  /** The container calls this with each client before its first use. Tests use it to add middleware that counts calls or injects faults. */
  readonly onClient?: (client: AwsClient) => void;
  /** How the stores wait between attempts. */
  readonly waiting?: Pick<StoresInit, 'rng' | 'sleep' | 'clock'>;
}

/** Time-outs in ms, all within the 29 s for which an HTTP API waits. S3 needs seconds to complete a large upload; all other calls take milliseconds. */
export const TIMES = {
  dynamo: { connectionTimeout: 1_000, requestTimeout: 5_000, throwOnRequestTimeout: true },
  s3: { connectionTimeout: 1_000, requestTimeout: 25_000, throwOnRequestTimeout: true },
} as const;
const ATTEMPTS = 3;
const NEEDED = ['MAIN_TABLE', 'NONCE_TABLE', 'BUCKET', 'AWS_REGION', 'AWS_ENDPOINT_URL'] as const;

/** Options that all AWS clients have in common. */
export const commonOf = (env: { readonly AWS_REGION: string; readonly AWS_ENDPOINT_URL?: string | undefined }) => ({
  region: env.AWS_REGION,
  maxAttempts: ATTEMPTS,
  ...(env.AWS_ENDPOINT_URL === undefined ? {} : { endpoint: env.AWS_ENDPOINT_URL }),
});

/** Makes a container. @param source returns the environment; the container reads it at the first use of a store */
export function makeContainer(
  source: () => Readonly<Record<string, string | undefined>>,
  { onClient, waiting, ...options }: ContainerOptions = {},
): Container {
  const stores = once(() => {
    const env = readEnv(source(), NEEDED);
    const dynamo = new DynamoDBClient({ ...commonOf(env), requestHandler: TIMES.dynamo });
    onClient?.(dynamo);
    return makeStores({ dynamo, env, ...waiting });
  });
  const { log, clock, origin } = makeRuntime(source, options.log);
  return {
    log,
    clock: options.clock ?? clock,
    origin,
    get identities() {
      return stores().identities;
    },
    get folders() {
      return stores().folders;
    },
    get records() {
      return stores().records;
    },
    get uploads() {
      return stores().uploads;
    },
    get requests() {
      return stores().requests;
    },
    get grants() {
      return stores().grants;
    },
    get keyFragments() {
      return stores().keyFragments;
    },
    get openings() {
      return stores().openings;
    },
    get audit() {
      return stores().audit;
    },
    get chain() {
      return stores().chain;
    },
    get blobs() {
      return stores().blobs;
    },
  };
}

export const container: Container = makeContainer(processEnv);
