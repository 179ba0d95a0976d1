// Tests the container: it makes clients when they are first needed, one of each kind, and names missing configuration.
import type { AwsClient } from '../../lib/runtime/container.ts';
import { S3Client } from '@aws-sdk/client-s3';
import { describe, expect, test } from '@jest/globals';
import { EnvError } from '../../lib/runtime/env.ts';
import { makeContainer } from '../../lib/runtime/container.ts';
import { makeStorageContainer } from '../../lib/runtime/storage-container.ts';
import type { Ports } from '../../lib/ports/index.ts';
import { ROUTES } from '../../lib/api/routes.ts';
import { endpoint } from '../../lib/http/endpoint.ts';
import { getIdentity } from '../../lib/usecases/get-identity.ts';
import { patient } from '../statements/samples.ts';
import { CONTEXT, eventOf, NOW, ORIGIN, read, runtimeFor } from '../http/gateway.ts';

const ENV = {
  PUBLIC_ORIGIN: ORIGIN,
  MAIN_TABLE: 'main',
  NONCE_TABLE: 'nonces',
  BUCKET: 'blobs',
  AWS_REGION: 'eu-central-1',
  AWS_ACCESS_KEY_ID: 'x',
  AWS_SECRET_ACCESS_KEY: 'x',
};
const PORTS = [
  'identities',
  'folders',
  'records',
  'uploads',
  'requests',
  'grants',
  'openings',
  'audit',
  'blobs',
] as const satisfies (keyof Ports)[];
const quiet = { log: () => undefined };

const clientsOf = (env: Record<string, string>, make = makeStorageContainer): AwsClient[] => {
  const clients: AwsClient[] = [];
  const container = make(() => env, { ...quiet, onClient: (client) => clients.push(client) });
  for (const port of PORTS) expect(container[port]).toBeDefined();
  return clients;
};

describe('the container', () => {
  test('reads no environment and makes no client before a port is used', () => {
    let looked = 0;
    const container = makeContainer(() => (looked++, ENV), { ...quiet, onClient: () => expect('made').toBe('later') });
    expect(container.clock()).toBeGreaterThan(NOW);
    expect(looked).toBe(0);
  });

  test('makes one client of each kind for all its ports', () => {
    expect(clientsOf(ENV).map((c) => c.constructor.name)).toEqual(['DynamoDBClient', 'S3Client']);
  });

  test('makes no S3 client for functions that only make URLs of blobs', () => {
    expect(clientsOf(ENV, makeContainer as typeof makeStorageContainer).map((c) => c.constructor.name)).toEqual([
      'DynamoDBClient',
    ]);
  });

  test('uses AWS or the endpoint in AWS_ENDPOINT_URL, with at most three attempts', async () => {
    for (const endpointUrl of [undefined, 'http://127.0.0.1:4566']) {
      const clients = clientsOf({ ...ENV, ...(endpointUrl === undefined ? {} : { AWS_ENDPOINT_URL: endpointUrl }) });
      for (const { config } of clients) {
        expect(await config.region()).toBe('eu-central-1');
        expect(await config.maxAttempts()).toBe(3);
        expect((await config.endpoint?.())?.port).toBe(endpointUrl === undefined ? undefined : 4566);
      }
      const s3 = clients.find((c) => c instanceof S3Client)!;
      expect(s3.config.forcePathStyle).toBe(endpointUrl !== undefined);
      expect(await s3.config.requestChecksumCalculation()).toBe('WHEN_REQUIRED');
    }
  });

  test('names every missing variable', () => {
    const container = makeContainer(() => ({ MAIN_TABLE: 'main' }), quiet);
    expect(() => container.identities).toThrow(new EnvError(['NONCE_TABLE', 'BUCKET', 'AWS_REGION']));
  });

  test('if it cannot be made, the answer is `internal` and the log names the missing variables', async () => {
    const { lines, log } = runtimeFor();
    const container = makeContainer(() => ({ PUBLIC_ORIGIN: ORIGIN }), { log, clock: () => NOW });
    const handler = endpoint(ROUTES, 'get-identity', getIdentity, container);
    const event = await eventOf({ method: 'GET', target: `/v1/identities/${patient.id}` });
    const { status, body, text } = read(await handler(event, CONTEXT));
    expect({ status, code: body['code'] }).toEqual({ status: 500, code: 'internal' });
    expect(text).not.toMatch(/TABLE|BUCKET|env/i);
    expect(lines.map(([event]) => event)).toEqual(['request-faulted', 'request-answered']);
    expect(lines[0]![1].missing).toEqual(['MAIN_TABLE', 'NONCE_TABLE', 'BUCKET', 'AWS_REGION']);
  });
});
