// `npm run test:client-checks [-- ID...]` tests the tests that docs/client-checks.md and docs/client-checks-of-records.md name. For each row, it takes the
// check out of a copy of the client, and runs the test of the row, which must fail. Without ids it runs all rows.
import { spawnSync } from 'node:child_process';
import { cpSync, mkdtempSync, readFileSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { MUTANTS, type Replacement } from '../test/config/client-mutants.ts';
import { checkRows, patternOf, type CheckRow } from '../test/docs/client-check-rows.ts';
import { ROOT } from '../test/docs/page-faults.ts';
import type { JestReport } from './count-tests.ts';

const COPIED = ['docs', 'lib', 'package.json', 'scripts', 'test'];

/** Writes the mutant into the copy. @returns a function that restores the copy; undefined if a text does not occur exactly once */
const mutate = (copy: string, replacements: readonly Replacement[]): (() => void) | undefined => {
  const originals = new Map<string, string>();
  const restore = (): void => originals.forEach((text, path) => writeFileSync(path, text));
  for (const { file, from, to } of replacements) {
    const path = join(copy, 'lib', file);
    const text = readFileSync(path, 'utf8');
    const [before, after, ...more] = text.split(from);
    if (after === undefined || more.length > 0) {
      restore();
      return undefined;
    }
    if (!originals.has(path)) originals.set(path, text);
    writeFileSync(path, `${before}${to}${after}`);
  }
  return restore;
};

/** Runs the test of a row. @returns how many tests passed and failed; undefined if jest wrote no report */
const runTest = (copy: string, { file, title }: CheckRow): JestReport | undefined => {
  const report = join(copy, 'report.json');
  rmSync(report, { force: true });
  // Without its check a client may wait for ever, so jest must not wait for what is left open.
  const options = ['--selectProjects', 'unit', '--forceExit', '--json', '--runTestsByPath', file, '-t'];
  spawnSync(
    'npx',
    ['jest', '--config', 'test/config/jest.config.js', ...options, patternOf(title), `--outputFile=${report}`],
    {
      cwd: copy,
      env: { ...process.env, NODE_OPTIONS: '--experimental-vm-modules', COUNTS: 'small' },
    },
  );
  try {
    return JSON.parse(readFileSync(report, 'utf8')) as JestReport;
  } catch {
    return undefined;
  }
};

/** @returns what is wrong with the row; undefined if its test fails without the check */
const faultOf = (copy: string, row: CheckRow): string | undefined => {
  const restore = mutate(copy, MUTANTS[row.id] ?? []);
  if (restore === undefined)
    return 'a text of its mutant does not occur exactly once: mend test/config/client-mutants.ts';
  try {
    const report = runTest(copy, row);
    if (report === undefined) return 'jest wrote no report';
    return report.numFailedTests > 0 ? undefined : `${row.file} passes without the check`;
  } finally {
    restore();
  }
};

const ids = process.argv.slice(2);
const rows = checkRows().filter(({ id }) => ids.length === 0 || ids.includes(id));
const copy = mkdtempSync(join(tmpdir(), 'client-checks-'));
try {
  for (const name of COPIED) cpSync(join(ROOT, name), join(copy, name), { recursive: true });
  symlinkSync(join(ROOT, 'node_modules'), join(copy, 'node_modules'));
  let faults = 0;
  for (const row of rows) {
    const fault = faultOf(copy, row);
    if (fault !== undefined) faults += 1;
    console.log(`${row.id} ${fault ?? 'its test fails without the check'}`);
  }
  console.log(`${rows.length - faults} of ${rows.length} tests fail without their check`);
  process.exitCode = faults === 0 && rows.length > 0 ? 0 : 1;
} finally {
  rmSync(copy, { recursive: true, force: true });
}
