// Tests that the local resources are created with the credentials that the functions use, because on most local AWS the access key chooses the account.
import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { afterEach, expect, test } from '@jest/globals';
import { enterLocalAws } from '../../localstack/environment.ts';
import { createResources } from '../../localstack/resources.ts';
import type { Stack } from '../../localstack/compiled-stack.ts';

let server: Server | undefined;
afterEach(() => {
  server?.close();
  server?.closeAllConnections();
});

/** An AWS that accepts everything. @returns its URL, and the access keys of the requests that it gets */
const newAws = async () => {
  const keys: (string | undefined)[] = [];
  server = createServer((request, response) => {
    keys.push(/Credential=(\w+)\//.exec(request.headers.authorization ?? '')?.[1]);
    request.resume().on('end', () => response.end('{}'));
  });
  await new Promise<void>((resolve) => server!.listen(0, '127.0.0.1', resolve));
  return { endpoint: `http://127.0.0.1:${(server.address() as AddressInfo).port}`, keys };
};

const STACK = {
  functions: { 'commit-record': { environment: {} } },
  resources: {
    Resources: {
      Bucket: {
        Type: 'AWS::S3::Bucket',
        Properties: {
          BucketName: 'blobs',
          VersioningConfiguration: { Status: 'Enabled' },
          CorsConfiguration: { CorsRules: [] },
        },
      },
      ServiceKey: { Type: 'AWS::KMS::Key', Properties: {} },
      ServiceKeyAlias: { Type: 'AWS::KMS::Alias', Properties: { AliasName: 'alias/service' } },
    },
  },
} as unknown as Stack;

test.each([
  ['111111111111', { AWS_ACCESS_KEY_ID: '111111111111', AWS_SECRET_ACCESS_KEY: 'secret' }],
  ['test', {}],
])('with the credentials beside AWS_ENDPOINT_URL, or those of the local AWS: %s', async (key, given) => {
  const { endpoint, keys } = await newAws();
  const before = process.env;
  process.env = { AWS_ENDPOINT_URL: endpoint, ...given };
  try {
    enterLocalAws(process.env);
    await createResources(endpoint, STACK);
  } finally {
    process.env = before;
  }
  expect(keys.length).toBeGreaterThan(3);
  expect(new Set(keys)).toEqual(new Set([key]));
});
