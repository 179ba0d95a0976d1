// `npm run test:all` runs all tests with all cases: the jest projects, deprecated calls, the coverage of the core, the demo, LocalStack and the deployed stack.
// It prints the failures and the counts, or with --summary FILE writes them as JSON. With other arguments it runs only the jest projects, and passes the
// arguments to jest: npm run test:all -- test/aws/scale
import { spawn } from 'node:child_process';
import { mkdir, readFile, rm, writeFile } from 'node:fs/promises';
import { availableParallelism } from 'node:os';
import { join } from 'node:path';
import { countCommand, countTests, sum, type Counts, type JestReport } from './count-tests.ts';

const PROJECT = join(import.meta.dirname, '..');
const REPORTS = join(PROJECT, 'reports', 'tests');

/** Runs a script of package.json. @returns the exit code; 1 if a signal ended the script */
const npmRun = (script: string, options: readonly string[]): Promise<number> =>
  new Promise((resolve) => {
    console.log(`== ${script}`);
    const child = spawn('npm', ['run', '-s', script, '--', ...options], { cwd: PROJECT, stdio: 'inherit' });
    child.once('error', () => resolve(1));
    child.once('exit', (code) => resolve(code ?? 1));
  });

const command = async (script: string): Promise<Counts> => countCommand(script, await npmRun(script, []));

const tests = async (script: string, options: readonly string[] = []): Promise<Counts> => {
  const file = join(REPORTS, `${script.replace(':', '-')}.json`);
  await rm(file, { force: true });
  const code = await npmRun(script, [...options, '--json', `--outputFile=${file}`]);
  const text = await readFile(file, 'utf8').catch(() => undefined);
  return countTests(script, code, text === undefined ? undefined : (JSON.parse(text) as JestReport));
};

const runAll = async (): Promise<Counts> => {
  await mkdir(REPORTS, { recursive: true });
  return sum([
    // By default jest runs one suite at a time on a machine with two cores.
    await tests('test:projects', [`--maxWorkers=${Math.max(2, availableParallelism() - 1)}`]),
    await command('test:deprecations'),
    await command('test:coverage'),
    await command('demo'),
    await tests('test:localstack', ['--ci']),
    await tests('test:deployed'),
  ]);
};

const options = process.argv.slice(2);
if (options.length > 0 && options[0] !== '--summary') process.exitCode = await npmRun('test:projects', options);
else {
  const [, file] = options;
  const all = await runAll();
  if (file !== undefined) await writeFile(file, JSON.stringify(all));
  else {
    if (all.failed > 0) console.log(`== what failed\n${all.failures.join('\n')}`);
    console.log(`${all.passed} passed, ${all.failed} failed`);
  }
  process.exitCode = all.failed === 0 ? 0 : 1;
}
