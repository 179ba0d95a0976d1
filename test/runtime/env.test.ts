// Tests reading the environment: what is parsed, what is refused, and when it is read.
import { describe, expect, jest, test } from '@jest/globals';
import { EnvError, readEnv } from '../../lib/runtime/env.ts';
import { once } from '../../lib/runtime/once.ts';
import { makeRuntime } from '../../lib/runtime/stateless-container.ts';

describe('the environment', () => {
  const source = {
    PUBLIC_ORIGIN: 'https://records.example.org',
    MAIN_TABLE: 'main',
    AWS_ENDPOINT_URL: 'http://127.0.0.1:4566',
  };

  test('is parsed', () => {
    const env = readEnv(source, ['PUBLIC_ORIGIN', 'MAIN_TABLE', 'AWS_ENDPOINT_URL']);
    expect({ ...env, PUBLIC_ORIGIN: env.PUBLIC_ORIGIN.host }).toEqual({
      ...source,
      PUBLIC_ORIGIN: 'records.example.org',
    });
    expect(readEnv({}, ['AWS_ENDPOINT_URL'])).toEqual({ AWS_ENDPOINT_URL: undefined });
  });

  test('names all missing variables at once', () => {
    const read = () => readEnv({ MAIN_TABLE: '' }, ['MAIN_TABLE', 'NONCE_TABLE', 'BUCKET', 'AWS_REGION']);
    expect(read).toThrow(new EnvError(['MAIN_TABLE', 'NONCE_TABLE', 'BUCKET', 'AWS_REGION']));
  });

  test.each([
    'records.example.org',
    'ftp://a.example',
    'https://a.example/v1',
    'https://u@a.example',
    'https://a.example?x',
    '',
  ])('refuses the origin %j', (PUBLIC_ORIGIN) =>
    expect(() => readEnv({ PUBLIC_ORIGIN }, ['PUBLIC_ORIGIN'])).toThrow(EnvError),
  );

  test('is read when it is first needed, and again after a failure', () => {
    let source: Record<string, string> = {};
    const { origin } = makeRuntime(() => source);
    expect(origin).toThrow(EnvError);
    source = { PUBLIC_ORIGIN: 'http://127.0.0.1:3000' };
    expect(origin().host).toBe('127.0.0.1:3000');
    source = {};
    expect(origin().host).toBe('127.0.0.1:3000');
  });

  test('once() makes its value once', () => {
    const make = jest.fn(() => undefined);
    const value = once(make);
    value();
    value();
    expect(make).toHaveBeenCalledTimes(1);
  });
});
