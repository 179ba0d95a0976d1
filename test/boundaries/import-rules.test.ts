// Tests the import rules: `npm run imports` finds imports that break them, planted in a copy of the folders.
import { execFile } from 'node:child_process';
import { mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { dirname, join, relative } from 'node:path';
import { promisify } from 'node:util';
import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';

const ROOT = join(import.meta.dirname, '../..');
const CLI = join(ROOT, 'node_modules/dependency-cruiser/bin/dependency-cruise.mjs');
const CONFIG = join(ROOT, 'scripts/config/import-rules.cjs');

/** Folders with code that runs in the cloud. They must not import code that handles secrets. */
const SERVER = [
  'functions',
  ...['usecases', 'stores', 'http', 'runtime', 'api', 'domain', 'statements'].map((f) => `lib/${f}`),
];
/** One file of each folder that handles secrets. */
const SECRET = [
  'lib/identity/recovery-words.ts',
  'lib/identity/http-signature.ts',
  'lib/umbral/delegatee.ts',
  'lib/umbral/secret-key.ts',
  'lib/envelope/open-blob.ts',
  'lib/files/open-file.ts',
  'lib/client/patient.ts',
];
/** Imports that the rules must refuse. */
const PLANTED: readonly (readonly [from: string, to: string])[] = [
  ...SERVER.flatMap((folder) => SECRET.map((to) => [`${folder}/planted.ts`, to] as const)),
  ['lib/usecases/planted.ts', 'lib/stores/dynamo/item.ts'],
  ['lib/domain/planted.ts', 'lib/api/errors.ts'],
  ['lib/statements/planted.ts', 'lib/domain/audit-chain.ts'],
  ['lib/bytes/planted.ts', 'lib/statements/verify.ts'],
  ['lib/umbral/planted.ts', 'lib/envelope/open-blob.ts'],
  ['lib/client/planted.ts', 'lib/stores/dynamo/item.ts'],
  ['lib/client/session/planted.ts', 'lib/files/file-source.ts'],
  ['lib/stores/planted.ts', 'lib/usecases/health.ts'],
  ['lib/http/planted.ts', 'lib/usecases/health.ts'],
  // Server code must not import these files either. They are outside the server's folders, so they could import secrets.
  ...['functions', 'lib/runtime', 'lib/usecases'].flatMap((folder) =>
    ['lib/top.ts', 'lib/common/any.ts', 'test/support/any.ts', 'scripts/any.ts', 'bench/any.ts', 'examples/any.ts'].map(
      (to) => [`${folder}/planted.ts`, to] as const,
    ),
  ),
  ...['examples', 'demo'].flatMap((application) =>
    ['test/support/any.ts', 'scripts/any.ts', 'bench/any.ts', 'localstack/any.ts'].map(
      (to) => [`${application}/planted.ts`, to] as const,
    ),
  ),
  // Applications may import the two public entry files only.
  ...['examples', 'demo', 'lib/cli', 'test/support/browser-entry'].flatMap((application) =>
    [
      'lib/client/patient.ts',
      'lib/identity/recovery-words.ts',
      'lib/files/file-source.ts',
      'lib/usecases/health.ts',
    ].map((to) => [application.startsWith('test') ? `${application}.ts` : `${application}/planted.ts`, to] as const),
  ),
];
const ALLOWED: readonly (readonly [from: string, to: string])[] = [
  ['lib/http/allowed.ts', 'lib/api/errors.ts'],
  ['lib/identity/allowed.ts', 'lib/api/errors.ts'],
  ['lib/client/allowed.ts', 'lib/identity/recovery-words.ts'],
  ['examples/allowed.ts', 'lib/client/index.ts'],
  ['demo/allowed.ts', 'lib/client/node.ts'],
  ['lib/client/node.ts', 'lib/files/file-source.ts'],
  ['lib/usecases/allowed.ts', 'lib/umbral/proxy.ts'],
  ['lib/runtime/allowed.ts', 'lib/stores/dynamo/item.ts'],
  ['functions/allowed.ts', 'lib/usecases/health.ts'],
  ['demo/allowed.ts', 'scripts/local-system.ts'],
];

let folder: string;
/** `from -> to` of every import that the rules refuse. */
let refused: ReadonlySet<string>;

interface Report {
  readonly summary: { readonly violations: readonly { readonly from: string; readonly to: string }[] };
}

const put = async (path: string, text: string): Promise<void> => {
  await mkdir(dirname(join(folder, path)), { recursive: true });
  await writeFile(join(folder, path), text);
};
const importing = (from: string, targets: readonly string[]): string =>
  targets.map((to, i) => `export * as m${i} from './${relative(dirname(from), to)}';\n`).join('');

beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'import-rules-'));
  const edges = [...PLANTED, ...ALLOWED];
  for (const to of new Set(edges.map(([, to]) => to))) await put(to, 'export const it = 1;\n');
  for (const from of new Set(edges.map(([from]) => from)))
    await put(
      from,
      importing(
        from,
        edges.filter(([f]) => f === from).map(([, to]) => to),
      ),
    );
  await put(
    'tsconfig.json',
    '{"compilerOptions":{"module":"nodenext","allowImportingTsExtensions":true,"noEmit":true}}',
  );
  await put('package.json', '{"type":"module"}');
  const { stdout } = await promisify(execFile)(
    process.execPath,
    [CLI, 'lib', 'functions', 'examples', 'demo', 'test/support', '--config', CONFIG, '--output-type', 'json'],
    { cwd: folder, maxBuffer: 64 * 1024 * 1024 },
  ).catch((error: unknown) => error as { readonly stdout: string });
  const { violations } = (JSON.parse(stdout) as Report).summary;
  refused = new Set(violations.map(({ from, to }) => `${from} -> ${to}`));
});
afterAll(() => rm(folder, { recursive: true, force: true }));

describe('refused', () => {
  test.each(PLANTED)('%s -> %s', (from, to) => expect(refused).toContain(`${from} -> ${to}`));
});
describe('allowed', () => {
  test.each(ALLOWED)('%s -> %s', (from, to) => expect(refused).not.toContain(`${from} -> ${to}`));
});
