// Tests serverless.yml, with its variables replaced as for the local stage: functions, roles, tables and bucket.
import { execFile } from 'node:child_process';
import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { beforeAll, describe, expect, test } from '@jest/globals';
import { JOBS } from '../../lib/api/scheduled-jobs.ts';
import { ROUTES } from '../../lib/api/routes.ts';
import { localEnvironment } from '../../localstack/environment.ts';
import { PROJECT } from '../../localstack/local-aws.ts';
import { compiledStack } from '../../localstack/compiled-stack.ts';

interface Statement {
  readonly Effect: string;
  readonly Action: string | readonly string[];
  readonly Resource: unknown;
}
interface Fn {
  readonly events: readonly { readonly httpApi?: { method: string; path: string }; readonly schedule?: string }[];
  readonly iamRoleStatements?: readonly Statement[];
}
interface Compiled {
  readonly custom: { readonly iam: Readonly<Record<string, Statement>> };
  readonly provider: Record<string, unknown>;
  readonly package: { readonly individually: boolean };
  readonly functions: Readonly<Record<string, Fn>>;
  readonly resources: { readonly Resources: Readonly<Record<string, Record<string, never>>> };
}

const run = promisify(execFile);

let stack: Compiled;
beforeAll(async () => {
  stack = (await compiledStack('local')) as unknown as Compiled;
});

test('has one function for each route and job, with the method and path of the contract', () => {
  expect(Object.keys(stack.functions).sort()).toEqual([...Object.keys(ROUTES), ...Object.keys(JOBS)].sort());
  for (const [name, { method, path }] of Object.entries(ROUTES))
    expect(stack.functions[name]!.events).toEqual([{ httpApi: { method: method.toLowerCase(), path } }]);
  expect(stack.functions['sweep-uploads']!.events).toEqual([{ schedule: 'rate(1 hour)' }]);
});

test.each(['prod', 'dev'])(
  'the stage %s cannot be packaged without an origin, because it would accept no request of its clients',
  async (stage) => {
    const cli = join(PROJECT, 'node_modules', '.bin', 'serverless');
    const printed = run(cli, ['print', '--stage', stage], { cwd: PROJECT, env: localEnvironment(process.env) });
    await expect(printed).rejects.toMatchObject({
      stdout: expect.stringContaining('name the address that clients sign: --param "origin='),
    });
  },
  300_000,
);

test('the local stage has an origin by itself', () => {
  expect(stack.provider['environment']).toMatchObject({ PUBLIC_ORIGIN: 'http://127.0.0.1:3000' });
});

test('each function has its own role with exact actions on exact resources', () => {
  for (const [name, { iamRoleStatements }] of Object.entries(stack.functions)) {
    expect([name, iamRoleStatements]).toEqual([name, expect.any(Array)]);
    for (const { Effect, Action, Resource } of iamRoleStatements!) {
      expect(Effect).toBe('Allow');
      for (const action of [Action].flat()) expect(action).toMatch(/^(dynamodb|s3|kms):[A-Za-z]+$/);
      // The only `*` allowed is after the prefix of the blobs in the bucket.
      expect(JSON.stringify(Resource).replace('"/b/*"', '')).not.toContain('*');
    }
  }
  const actions = Object.values(stack.functions)
    .flatMap((f) => f.iamRoleStatements ?? [])
    .flatMap((s) => s.Action);
  expect(actions).not.toContain('dynamodb:Scan');
});

test('each statement of a role is named once, in custom.iam, and used', async () => {
  const text = (s: Statement): string => JSON.stringify({ ...s, Action: [s.Action].flat() });
  const named = Object.values(stack.custom.iam).map(text);
  expect(new Set(named).size).toBe(named.length);
  const used = Object.values(stack.functions).flatMap((f) => f.iamRoleStatements ?? []);
  expect([...new Set(used.map(text))].sort()).toEqual(named.sort());
  const file = await readFile(join(PROJECT, 'serverless.yml'), 'utf8');
  const [, functions] = /^functions:\n(.*?)^resources:/ms.exec(file)!;
  expect(functions).not.toMatch(/\b(Effect|Action|Resource):/);
});

test('runs on arm64 and nodejs24.x, with one package for each function and a limit for logs', () => {
  expect(stack.provider).toMatchObject({ runtime: 'nodejs24.x', architecture: 'arm64', logRetentionInDays: 30 });
  expect(stack.package.individually).toBe(true);
});

describe('stored data', () => {
  test('the main table is retained, protected from deletion, recoverable, encrypted and on demand', () => {
    expect(stack.resources.Resources['MainTable']).toMatchObject({
      DeletionPolicy: 'Retain',
      UpdateReplacePolicy: 'Retain',
      Properties: {
        BillingMode: 'PAY_PER_REQUEST',
        DeletionProtectionEnabled: true,
        PointInTimeRecoverySpecification: { PointInTimeRecoveryEnabled: true },
        SSESpecification: { SSEEnabled: true },
      },
    });
    expect(JSON.stringify(stack.resources.Resources['MainTable'])).not.toContain('TimeToLive');
  });

  test('the nonce table deletes expired nonces', () => {
    expect(stack.resources.Resources['NonceTable']).toMatchObject({
      Properties: { TimeToLiveSpecification: { AttributeName: 'ttl', Enabled: true } },
    });
  });

  test('the bucket is retained, private, encrypted, versioned and for TLS only, and deletes unfinished uploads', () => {
    expect(stack.resources.Resources['BlobBucket']).toMatchObject({
      DeletionPolicy: 'Retain',
      Properties: {
        PublicAccessBlockConfiguration: {
          BlockPublicAcls: true,
          BlockPublicPolicy: true,
          IgnorePublicAcls: true,
          RestrictPublicBuckets: true,
        },
        VersioningConfiguration: { Status: 'Enabled' },
        BucketEncryption: { ServerSideEncryptionConfiguration: expect.any(Array) },
        LifecycleConfiguration: {
          Rules: expect.arrayContaining([
            expect.objectContaining({ AbortIncompleteMultipartUpload: { DaysAfterInitiation: 2 } }),
          ]),
        },
      },
    });
    expect(stack.resources.Resources['BlobBucketPolicy']).toMatchObject({
      Properties: {
        PolicyDocument: {
          Statement: [{ Effect: 'Deny', Principal: '*', Condition: { Bool: { 'aws:SecureTransport': 'false' } } }],
        },
      },
    });
  });
});
