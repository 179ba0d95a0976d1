// Tests that the server cannot decrypt: no bundle of any function contains code that opens or seals a record or handles a secret. Every function is
// bundled as it is deployed; of the crypto code, only files listed in DOORS and INTERNALS may remain in a bundle.
import { beforeAll, describe, expect, test } from '@jest/globals';
import type { Metafile, Plugin } from 'esbuild';
import { readdirSync } from 'node:fs';
import { join } from 'node:path';
import { bundle, bundleAll, functions, leftIn, root } from './bundle.ts';

const crypto = ['umbral', 'envelope', 'identity', 'client', 'cli'];

/** Entry files for the server's tasks: check capsules and key fragments, re-encrypt, read headers. */
const DOORS = ['umbral/proxy', 'umbral/capsule', 'umbral/kfrag', 'umbral/cfrag', 'umbral/errors', 'envelope/header'];
/** The files that they import: arithmetic, encodings and checks of public values. None contains a secret key or a cipher. */
const INTERNALS = [
  'umbral/curve/backend',
  'umbral/curve/choose-backend',
  'umbral/curve/chosen-backend',
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
/** Only clients use ciphers. */
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

  test.each(functions)('%s contains nothing that decrypts', (name) => {
    const inputs = left.get(name)!;
    expect(inputs).toContain(`lib/usecases/${name}.ts`);
    expect(inputs.filter(isForbidden)).toEqual([]);
  });

  test('only one function contains the re-encryption', () => {
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

  test('knows the modules that handle a secret', () => {
    for (const name of [
      'umbral/delegatee',
      'umbral/delegator',
      'umbral/sender',
      'umbral/secret-key',
      'identity/key-derivation',
    ])
      expect(secret).toContain(`lib/${name}.ts`);
  });

  test.each(secret)('reports %s if a function imports it', async (module) => {
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

  test('reports code that a use case imports', async () => {
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

  test('ignores imports of types, because nothing of them remains in the bundle', async () => {
    const stdin = {
      contents: `import '../lib/umbral/errors.ts'; import type {} from '../lib/umbral/delegatee.ts';`,
      resolveDir: join(root, 'functions'),
      loader: 'ts',
    } as const;
    expect(forbiddenIn(await bundle({ stdin }))).toEqual([]);
  });
});
