// The server cannot decrypt: what would open a record, seal one, or hold a secret is in no bundle of any function. Every function is bundled as
// it is deployed, and of the crypto only what stands on this list may be left in what esbuild writes.
import { beforeAll, describe, expect, test } from '@jest/globals';
import type { Metafile, Plugin } from 'esbuild';
import { readdirSync } from 'node:fs';
import { join } from 'node:path';
import { bundle, bundleAll, functions, leftIn, root } from './bundle.ts';

const crypto = ['umbral', 'envelope', 'identity', 'client', 'cli'];

/** What the server does: check capsules and key fragments, re-encrypt, read headers. */
const DOORS = ['umbral/proxy', 'umbral/capsule', 'umbral/kfrag', 'umbral/cfrag', 'umbral/errors', 'envelope/header'];
/** What these are made of: arithmetic, encodings and checks on public values. None knows a secret key or a cipher. */
const INTERNALS = [
  'umbral/curve/backend',
  'umbral/curve/choose-backend',
  'umbral/curve/curve',
  'umbral/curve/kernel.generated',
  'umbral/curve/noble',
  'umbral/curve/parameter',
  'umbral/curve/scalar',
  'umbral/curve/self-test',
  'umbral/curve/wasm',
  'umbral/curve/wasm-memory',
  'umbral/ecdsa-verify',
  'umbral/hashes',
  'umbral/message-pack',
  'umbral/objects',
  'umbral/public-key',
  'envelope/errors',
];
const ALLOWED = new Set([...DOORS, ...INTERNALS].map((m) => `lib/${m}.ts`));
/** Ciphers are for clients alone. */
const CIPHERS = 'node_modules/@noble/ciphers/';

const isForbidden = (input: string): boolean =>
  input.startsWith(CIPHERS) || (crypto.some((folder) => input.startsWith(`lib/${folder}/`)) && !ALLOWED.has(input));

const forbiddenIn = (metafile: Metafile): readonly string[] =>
  [...leftIn(metafile).values()].flat().filter(isForbidden);

describe('the functions as they are deployed', () => {
  let left: ReturnType<typeof leftIn>;
  beforeAll(async () => {
    left = leftIn(await bundleAll());
  });

  test.each(functions)('%s holds nothing that decrypts', (name) => {
    const inputs = left.get(name)!;
    expect(inputs).toContain(`lib/usecases/${name}.ts`);
    expect(inputs.filter(isForbidden)).toEqual([]);
  });

  test('what re-encrypts is in one function only', () => {
    expect(functions.filter((name) => left.get(name)!.includes('lib/umbral/proxy.ts'))).toEqual(['recapsulate']);
  });
});

describe('the test itself', () => {
  const modules = ['umbral', 'envelope', 'identity'].flatMap((folder) => {
    const path = join(root, 'lib', folder);
    return readdirSync(path, { recursive: true, encoding: 'utf8' })
      .filter((file) => file.endsWith('.ts'))
      .map((file) => `lib/${folder}/${file}`);
  });
  const secret = modules.filter((m) => !ALLOWED.has(m));

  test('knows of the modules with a secret', () => {
    for (const name of [
      'umbral/delegatee',
      'umbral/delegator',
      'umbral/sender',
      'umbral/secret-key',
      'identity/key-derivation',
    ])
      expect(secret).toContain(`lib/${name}.ts`);
  });

  test.each(secret)('reports %s where a function imports it', async (module) => {
    const plant: Plugin = {
      name: 'plant',
      setup(builder) {
        builder.onLoad({ filter: /functions\/health\.ts$/ }, () => ({
          contents: `import * as planted from '../${module}'; export const handler = () => planted;`,
          loader: 'ts',
          resolveDir: join(root, 'functions'),
        }));
      },
    };
    expect(forbiddenIn(await bundle({ entryPoints: ['functions/health.ts'], plugins: [plant] }))).toContain(module);
  });

  test('reports what a use case imports, not only what a function does', async () => {
    const plant: Plugin = {
      name: 'plant',
      setup(builder) {
        builder.onLoad({ filter: /usecases\/health\.ts$/ }, () => ({
          contents: `import { decapsulateReencrypted } from '../umbral/delegatee.ts'; export const health = () => decapsulateReencrypted;`,
          loader: 'ts',
          resolveDir: join(root, 'lib', 'usecases'),
        }));
      },
    };
    expect(forbiddenIn(await bundle({ entryPoints: ['functions/health.ts'], plugins: [plant] }))).toContain(
      'lib/umbral/delegatee.ts',
    );
  });

  test('minds only what is left: an import for its types is none', async () => {
    const stdin = {
      contents: `import '../lib/umbral/errors.ts'; import type {} from '../lib/umbral/delegatee.ts';`,
      resolveDir: join(root, 'functions'),
      loader: 'ts',
    } as const;
    expect(forbiddenIn(await bundle({ stdin }))).toEqual([]);
  });
});
