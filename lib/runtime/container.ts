// Where functions run that need the stores. This folder is the only maker of AWS clients: one of each per process, made at the first use, so that a
// fault in the configuration becomes an answer and a log line, and no function that does not start. A bundle carries only the clients that it uses.
import { DynamoDBClient } from '@aws-sdk/client-dynamodb';
import type { KMSClient } from '@aws-sdk/client-kms';
import type { S3Client } from '@aws-sdk/client-s3';
import type { Runtime } from '../http/log.ts';
import { makeStores, type Stores, type StoresInit } from '../stores/index.ts';
import { processEnv, readEnv } from './env.ts';
import { once } from './once.ts';
import { makeRuntime } from './stateless-container.ts';

export type Container = Stores & Runtime;

export type AwsClient = DynamoDBClient | S3Client | KMSClient;

export interface ContainerOptions extends Partial<Pick<Runtime, 'log' | 'clock'>> {
  /** Sees each client before its first call: tests count calls and inject faults by middleware. */
  readonly onClient?: (client: AwsClient) => void;
  /** How the stores wait between attempts. */
  readonly waiting?: Pick<StoresInit, 'rng' | 'sleep' | 'clock'>;
}

/** Within the 29 s that an HTTP API waits. Completing a large upload takes S3 seconds; everything else takes milliseconds. */
export const TIMES = {
  dynamo: { connectionTimeout: 1_000, requestTimeout: 5_000, throwOnRequestTimeout: true },
  s3: { connectionTimeout: 1_000, requestTimeout: 25_000, throwOnRequestTimeout: true },
} as const;
const ATTEMPTS = 3;
const NEEDED = ['MAIN_TABLE', 'NONCE_TABLE', 'BUCKET', 'AWS_REGION', 'AWS_ENDPOINT_URL'] as const;

/** What all clients have in common. */
export const commonOf = (env: { readonly AWS_REGION: string; readonly AWS_ENDPOINT_URL?: string | undefined }) => ({
  region: env.AWS_REGION,
  maxAttempts: ATTEMPTS,
  ...(env.AWS_ENDPOINT_URL === undefined ? {} : { endpoint: env.AWS_ENDPOINT_URL }),
});

/** @param source the environment, looked at when it is first needed */
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
    get openings() {
      return stores().openings;
    },
    get audit() {
      return stores().audit;
    },
    get blobs() {
      return stores().blobs;
    },
  };
}

export const container: Container = makeContainer(processEnv);
