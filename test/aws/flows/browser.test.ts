// Tests lib/client in a real browser: bundled, under a strict content security policy, and from another origin than the API and the storage, so that
// the CORS rules of both are tested too.
import { join } from 'node:path';
import { beforeAll, describe, expect, test } from '@jest/globals';
import { build, type Metafile } from 'esbuild';
import type { Report } from '../../support/browser-entry.ts';
import { findChromium, HOW_TO_INSTALL, runPage } from '../../support/browser.ts';
import { API_URL } from './people.ts';

const PROJECT = join(import.meta.dirname, '..', '..', '..');
const MiB = 1024 * 1024;

const isSet = (name: string): boolean => !['', '0', 'false'].includes(process.env[name] ?? '');
const chromium = findChromium(process.env);
/** If CI or BROWSER_TESTS is set, the test fails on a machine without a browser. Otherwise it is skipped there, and says so. */
const required = isSet('CI') || isSet('BROWSER_TESTS');
if (chromium === undefined && !required) process.stderr.write(`test/aws/flows/browser.test.ts: ${HOW_TO_INSTALL}\n`);
const inBrowser = chromium !== undefined || required ? test : test.skip;

const bundle = async (): Promise<{ readonly script: string; readonly metafile: Metafile }> => {
  const { outputFiles, metafile } = await build({
    absWorkingDir: PROJECT,
    entryPoints: ['test/support/browser-entry.ts'],
    bundle: true,
    write: false,
    metafile: true,
    format: 'esm',
    platform: 'browser',
    target: 'es2023',
    legalComments: 'none',
    minifySyntax: true,
    minifyWhitespace: true,
  });
  return { script: outputFiles[0]!.text, metafile };
};

describe('lib/client in a browser', () => {
  let script = '';
  let metafile: Metafile;
  beforeAll(async () => {
    ({ script, metafile } = await bundle());
  });

  test('the bundle contains nothing of Node or AWS', () => {
    expect(script).toContain('recapsulate');
    expect(script).not.toMatch(/["'`]node:/);
    expect(script).not.toMatch(/\b(Buffer|__dirname)\b/);
    expect(script).not.toMatch(/\bprocess\.(env|version|nextTick)\b|\brequire\(/);
    const inputs = Object.entries(metafile.inputs);
    expect(inputs.flatMap(([, { imports }]) => imports.filter((i) => i.external === true))).toEqual([]);
    expect(
      inputs.map(([path]) => path).filter((path) => /@aws-sdk|@smithy|lib\/(stores|http|runtime)\//.test(path)),
    ).toEqual([]);
  });

  inBrowser.each([
    [
      'the kernel and a hashing worker, if the policy allows them',
      { allows: "'wasm-unsafe-eval'", workers: 'blob:' },
      // The worker hashes two of the four parts (the second and the third), once at filing and once at opening.
      { curve: { name: 'wasm' }, hashedApart: 4 },
    ],
    [
      'noble and no worker, if the policy forbids them',
      {},
      { curve: { name: 'noble', reason: 'not-loaded' }, hashedApart: 0 },
    ],
  ] as const)(
    'runs the main job with %s, and an opening after the revocation is refused',
    async (_, policy, { curve, hashedApart }) => {
      if (chromium === undefined) throw new Error(HOW_TO_INSTALL);
      const storage = new URL(process.env['AWS_ENDPOINT_URL']!).origin;
      const page = { script, query: { api: API_URL }, connects: [API_URL, storage], ...policy };
      const ran = await runPage(chromium, page, 200_000);
      const report = ran.report as Report;
      if ('broken' in report) throw new Error(`the page broke: ${report.broken}\nThe browser said last:\n${ran.said}`);

      expect(report.curve).toEqual(curve);
      expect(report.hashedApart).toBe(hashedApart);
      expect(report.seen.map(({ fileName, bytes }) => [fileName, bytes])).toEqual([
        ['note.txt', 1_000],
        ['scan.bin', 3 * MiB + 1],
        ['film.bin', 24 * MiB + 1],
      ]);
      for (const { filed, opened } of report.seen) {
        expect(filed).toMatch(/^[0-9a-f]{64}$/);
        expect(opened).toBe(filed);
      }
      expect(report.downloaded).toBeGreaterThan(27 * MiB);
      expect(report.uploaded).toBe(report.downloaded);
      expect(report.refused).toEqual({ code: 'grant-ended', reason: 'revoked' });
      expect(report.trail).toEqual([
        'registered',
        'folder-created',
        ...Array<string>(3).fill('record-filed'),
        'access-requested',
        'access-granted',
        ...Array<string>(3).fill('records-opened'),
        'grant-revoked',
      ]);
    },
    240_000,
  );
});
