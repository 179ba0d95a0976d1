// Tests that the demo ignores the AWS settings of its user: a profile, files, a region, endpoints, credentials, retry modes.
import { spawn } from 'node:child_process';
import { mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { text } from 'node:stream/consumers';
import { expect, test } from '@jest/globals';

const PROJECT = join(import.meta.dirname, '..', '..', '..');
const UNREACHABLE = 'http://127.0.0.1:1';
const SETTINGS = `endpoint_url = ${UNREACHABLE}
region = nowhere
retry_mode = never
max_attempts = none
use_fips_endpoint = true
use_dualstack_endpoint = true
role_arn = arn:aws:iam::000000000000:role/nobody
source_profile = nobody`;

const withoutAws = (): NodeJS.ProcessEnv =>
  Object.fromEntries(Object.entries(process.env).filter(([name]) => !/^AWS_/i.test(name)));

test('the demo succeeds with AWS settings that would break every call', async () => {
  const home = await mkdtemp(join(tmpdir(), 'home-'));
  try {
    await mkdir(join(home, '.aws'));
    for (const name of ['config', 'credentials'])
      await writeFile(
        join(home, '.aws', name),
        `[default]\n${SETTINGS}\n[profile work]\n${SETTINGS}\n[work]\n${SETTINGS}\n`,
      );
    await writeFile(join(home, 'letter.txt'), 'A letter.');
    const child = spawn(
      process.execPath,
      ['--import', 'tsx', join(PROJECT, 'demo', 'main.ts'), '--json', join(home, 'letter.txt')],
      {
        cwd: PROJECT,
        env: {
          ...withoutAws(),
          NODE_OPTIONS: '',
          HOME: home,
          AWS_PROFILE: 'work',
          AWS_SDK_LOAD_CONFIG: '1',
          AWS_ACCESS_KEY_ID: 'AKIAIOSFODNN7EXAMPLE',
          AWS_SECRET_ACCESS_KEY: 'secret',
          AWS_SESSION_TOKEN: 'token',
          AWS_REGION: 'nowhere',
          AWS_ENDPOINT_URL_S3: UNREACHABLE,
          AWS_ENDPOINT_URL_DYNAMODB: UNREACHABLE,
          AWS_ENDPOINT_URL_KMS: UNREACHABLE,
          AWS_CA_BUNDLE: join(home, 'none.pem'),
          AWS_RETRY_MODE: 'never',
          AWS_MAX_ATTEMPTS: 'none',
          AWS_USE_FIPS_ENDPOINT: 'true',
          AWS_USE_DUALSTACK_ENDPOINT: 'true',
          AWS_REQUEST_CHECKSUM_CALCULATION: 'sometimes',
          AWS_WEB_IDENTITY_TOKEN_FILE: join(home, 'none'),
          AWS_CONTAINER_CREDENTIALS_FULL_URI: UNREACHABLE,
        },
        stdio: ['ignore', 'pipe', 'pipe'],
      },
    );
    const exit = new Promise((resolve) => child.once('exit', resolve));
    const [out, err] = await Promise.all([text(child.stdout), text(child.stderr)]);
    // The demo announces its steps on stderr. Any other line would be a warning or an error.
    const warnings = err
      .split('\n')
      .filter((line) => !/^(installing|starting|creating) [a-z ,]+( \(once\))?$/i.test(line) && line !== '');
    expect({ code: await exit, warnings }).toEqual({ code: 0, warnings: [] });
    expect(JSON.parse(out)).toMatchObject({ refusedStranger: true, refusedAfterRevoke: true, auditVerified: true });
  } finally {
    await rm(home, { recursive: true, force: true });
  }
});
