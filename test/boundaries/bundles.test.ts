// Tests that a function's bundle contains only code that the function needs, because that keeps cold starts short (ADR 17).
import { beforeAll, describe, expect, test } from '@jest/globals';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { bundleAll, functions, leftIn, root } from './bundle.ts';

let left: ReturnType<typeof leftIn>;
beforeAll(async () => {
  left = leftIn(await bundleAll());
});

test('serverless.yml bundles the way these tests do', () => {
  expect(readFileSync(join(root, 'serverless.yml'), 'utf8')).toContain('\n    mainFields: [module, main]\n');
});

describe.each(functions)('%s', (name) => {
  test('contains the routes of its own topic, and of topics whose schemas they use', () => {
    const topics = left.get(name)!.filter((input) => /^lib\/api\/.*routes\.ts$/.test(input));
    const own = /from '\.\.\/(lib\/api\/.*-routes\.ts)'/.exec(
      readFileSync(join(root, `functions/${name}.ts`), 'utf8'),
    )?.[1];
    const borrowed =
      own === 'lib/api/folder-routes.ts' || own === 'lib/api/request-routes.ts' ? ['lib/api/grant-routes.ts'] : [];
    expect(topics.sort()).toEqual([...(own === undefined ? [] : [own]), ...borrowed].sort());
  });

  test('contains the AWS SDK as ES modules', () => {
    expect(left.get(name)!.filter((input) => /@(aws-sdk|smithy)\/.*\/dist-cjs\//.test(input))).toEqual([]);
  });
});

test('few functions contain the clients of S3 or KMS', () => {
  const carrying = (client: string): readonly string[] =>
    functions.filter((name) => left.get(name)!.some((input) => input.includes(`/client-${client}/`)));
  expect(carrying('s3')).toEqual(['begin-upload', 'commit-record', 'delete-record', 'sweep-uploads']);
  expect(carrying('kms')).toEqual([
    'commit-record',
    'get-checkpoint',
    'get-service-key',
    'get-time',
    'recapsulate',
    'request-access',
  ]);
});
