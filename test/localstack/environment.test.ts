// Tests that no AWS setting of the user reaches the local system, except AWS_ENDPOINT_URL and the credentials beside it.
import { describe, expect, test } from '@jest/globals';
import { devNull } from 'node:os';
import { enterLocalAws, localEnvironment, withLocalAws } from '../../localstack/environment.ts';

const ENDPOINT = 'http://127.0.0.1:4566';
const LOCAL = {
  AWS_ACCESS_KEY_ID: 'test',
  AWS_SECRET_ACCESS_KEY: 'test',
  AWS_REGION: 'us-east-1',
  AWS_CONFIG_FILE: devNull,
  AWS_SHARED_CREDENTIALS_FILE: devNull,
  AWS_SDK_JS_NODE_VERSION_SUPPORT_WARNING_DISABLED: 'true',
  AWS_ENDPOINT_URL: ENDPOINT,
};
const KEYS = { AWS_ACCESS_KEY_ID: 'AKIA', AWS_SECRET_ACCESS_KEY: 'secret', AWS_SESSION_TOKEN: 'token' };
/** Settings of the AWS SDKs and command lines, as the user's environment can contain them. */
const SETTINGS = {
  ...KEYS,
  AWS_PROFILE: 'work',
  AWS_DEFAULT_PROFILE: 'work',
  AWS_CONFIG_FILE: '/home/somebody/.aws/config',
  AWS_SHARED_CREDENTIALS_FILE: '/home/somebody/.aws/credentials',
  AWS_REGION: 'eu-central-1',
  AWS_DEFAULT_REGION: 'eu-central-1',
  AWS_ENDPOINT_URL_S3: 'http://127.0.0.1:1',
  AWS_ENDPOINT_URL_DYNAMODB: 'http://127.0.0.1:1',
  AWS_IGNORE_CONFIGURED_ENDPOINT_URLS: 'true',
  AWS_CA_BUNDLE: '/nowhere.pem',
  AWS_RETRY_MODE: 'never',
  AWS_MAX_ATTEMPTS: '0',
  AWS_DEFAULTS_MODE: 'none',
  AWS_USE_FIPS_ENDPOINT: 'true',
  AWS_USE_DUALSTACK_ENDPOINT: 'true',
  AWS_REQUEST_CHECKSUM_CALCULATION: 'sometimes',
  AWS_ROLE_ARN: 'arn:aws:iam::000000000000:role/work',
  AWS_WEB_IDENTITY_TOKEN_FILE: '/nowhere/token',
  AWS_CONTAINER_CREDENTIALS_FULL_URI: 'http://127.0.0.1:1',
  AWS_CONTAINER_CREDENTIALS_RELATIVE_URI: '/',
  AWS_EC2_METADATA_SERVICE_ENDPOINT: 'http://127.0.0.1:1',
};

describe.each([
  ['the programs of the local system', localEnvironment],
  ['tests and tools', withLocalAws],
])('the environment of %s', (_, make) => {
  test('contains none of the user’s AWS settings', () => {
    expect(make(SETTINGS, ENDPOINT)).toEqual(LOCAL);
    expect(make({ aws_profile: 'work' }, ENDPOINT)).toEqual(LOCAL);
  });

  test('has an endpoint only if one is passed or set', () => {
    const { AWS_ENDPOINT_URL, ...rest } = LOCAL;
    expect(make(SETTINGS)).toEqual(rest);
    expect(make({ ...SETTINGS, AWS_ENDPOINT_URL: '' })).toEqual(rest);
    expect(make({ AWS_ENDPOINT_URL })).toEqual(LOCAL);
  });

  test('contains the credentials that are set beside an endpoint', () => {
    const source = { ...SETTINGS, AWS_ENDPOINT_URL: ENDPOINT };
    expect(make(source, ENDPOINT)).toEqual({ ...LOCAL, ...KEYS });
    expect(make({ ...source, AWS_SESSION_TOKEN: '' }, ENDPOINT)).toEqual({
      ...LOCAL,
      AWS_ACCESS_KEY_ID: 'AKIA',
      AWS_SECRET_ACCESS_KEY: 'secret',
    });
  });

  test.each(['AWS_ACCESS_KEY_ID', 'AWS_SECRET_ACCESS_KEY'])('contains no credentials if %s is missing', (name) => {
    expect(make({ ...SETTINGS, AWS_ENDPOINT_URL: ENDPOINT, [name]: undefined }, ENDPOINT)).toEqual(LOCAL);
  });
});

const OTHERS = { PATH: '/bin', HOME: '/home/somebody', FC_SEED: '1', POWERTOOLS_DEV: 'true', AUTHORIZER: '{}' };

test('programs of the local system get only the variables that they need', () => {
  expect(localEnvironment(OTHERS, ENDPOINT)).toEqual({ ...LOCAL, PATH: '/bin', HOME: '/home/somebody' });
});

test('tests and tools keep every other variable', () => {
  expect(withLocalAws({ ...OTHERS, NONE: undefined }, ENDPOINT)).toEqual({ ...LOCAL, ...OTHERS });
});

test('enterLocalAws removes all other AWS settings of the process', () => {
  const env: NodeJS.ProcessEnv = { ...SETTINGS, ...OTHERS };
  enterLocalAws(env, ENDPOINT);
  expect(env).toEqual({ ...LOCAL, ...OTHERS });
});
