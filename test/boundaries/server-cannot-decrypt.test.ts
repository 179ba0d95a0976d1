// The server cannot decrypt: what would open a record, seal one, or hold a secret is in no bundle of any function. Every function is bundled as
// it is deployed, and of the crypto only what stands on this list may be left in what esbuild writes.
import { beforeAll, describe, expect, test } from '@jest/globals';
import { build, type BuildOptions, type Metafile, type Plugin } from 'esbuild';
import { readdirSync } from 'node:fs';
import { basename, join } from 'node:path';

const root = join(import.meta.dirname, '..', '..');
const crypto = ['umbral', 'envelope', 'identity', 'client', 'cli'];

/** What the server does: check capsules and key fragments, re-encrypt, read headers. */
const DOORS = ['umbral/proxy', 'umbral/capsule', 'umbral/kfrag', 'umbral/cfrag', 'umbral/errors', 'envelope/header'];
/** What these are made of: arithmetic, encodings and checks on public values. None knows a secret key or a cipher. */
const INTERNALS = [
  'umbral/backend',
  'umbral/choose',
  'umbral/codec',
  'umbral/curve',
  'umbral/forms',
  'umbral/hashes',
  'umbral/instance',
  'umbral/kernel',
  'umbral/noble',
  'umbral/parameter',
  'umbral/publickey',
  'umbral/scalar',
  'umbral/selftest',
  'umbral/signature',
  'umbral/wasm',
  'envelope/errors',
];
const ALLOWED = new Set([...DOORS, ...INTERNALS].map((m) => `lib/${m}.ts`));
/** Ciphers are for clients alone. */
const CIPHERS = 'node_modules/@noble/ciphers/';

// As serverless-esbuild calls it; serverless.yml says format, platform, target and main fields.
const bundle = async (options: BuildOptions): Promise<Metafile> => {
  const { metafile } = await build({
    absWorkingDir: root,
    bundle: true,
    write: false,
    metafile: true,
    outdir: 'out',
    format: 'esm',
    platform: 'node',
    target: 'node24',
    mainFields: ['module', 'main'],
    logLevel: 'silent',
    ...options,
  });
  return metafile!;
};

const isForbidden = (input: string): boolean =>
  input.startsWith(CIPHERS) || (crypto.some((folder) => input.startsWith(`lib/${folder}/`)) && !ALLOWED.has(input));

/** Inputs of which something is left in an output, by function. */
const leftIn = ({ outputs }: Metafile): ReadonlyMap<string, readonly string[]> =>
  new Map(
    Object.entries(outputs).map(([output, { inputs }]) => [
      basename(output, '.js'),
      Object.keys(inputs).filter((input) => inputs[input]!.bytesInOutput > 0),
    ]),
  );
const forbiddenIn = (metafile: Metafile): readonly string[] =>
  [...leftIn(metafile).values()].flat().filter(isForbidden);

const functions = readdirSync(join(root, 'functions')).map((file) => basename(file, '.ts'));

describe('the functions as they are deployed', () => {
  let left: ReturnType<typeof leftIn>;
  beforeAll(async () => {
    left = leftIn(await bundle({ entryPoints: functions.map((name) => `functions/${name}.ts`) }));
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
    return readdirSync(path).map((file) => `lib/${folder}/${file}`);
  });
  const secret = modules.filter((m) => !ALLOWED.has(m));

  test('knows of the modules with a secret', () => {
    for (const name of ['umbral/delegatee', 'umbral/delegator', 'umbral/sender', 'umbral/secretkey', 'identity/derive'])
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
