// Compiled stack: serverless.yml with all of its variables replaced, as `serverless print` writes it. The result is stored between runs.
import { execFile } from 'node:child_process';
import { createHash } from 'node:crypto';
import { existsSync } from 'node:fs';
import { mkdir, readFile, rename, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { localEnvironment } from './environment.ts';
import { PROJECT, STATE } from './local-aws.ts';

const run = promisify(execFile);

interface Resource {
  readonly Type: string;
  readonly Properties: Record<string, unknown>;
}
interface FunctionDefinition {
  readonly handler: string;
  readonly events: readonly unknown[];
  readonly environment?: Readonly<Record<string, string>>;
  /** Time limit of the function, seconds. */
  readonly timeout?: number;
}
/** The members of serverless.yml that are read here, with all variables replaced. */
export interface Stack {
  readonly service: string;
  readonly frameworkVersion: string;
  readonly provider: { readonly environment: Readonly<Record<string, string>> };
  readonly custom: {
    readonly esbuild: Readonly<Record<string, unknown>> & {
      readonly outputFileExtension: string;
      readonly exclude: readonly string[];
      readonly keepOutputDirectory: boolean;
    };
    readonly 'serverless-offline': Readonly<Record<string, unknown>>;
  };
  readonly functions: Readonly<Record<string, FunctionDefinition>>;
  readonly resources: { readonly Resources: Readonly<Record<string, Resource>> };
}

/** Runs `serverless print`, which takes about 5 s. The result is stored until serverless.yml or the lockfile changes. */
export async function compiledStack(suffix = 'local'): Promise<Stack> {
  const parts = await Promise.all(['serverless.yml', 'package-lock.json'].map((f) => readFile(join(PROJECT, f))));
  const hash = createHash('sha256').update(suffix);
  for (const p of parts) hash.update(p);
  const file = join(STATE, `stack-${hash.digest('hex').slice(0, 16)}.json`);
  if (existsSync(file)) return JSON.parse(await readFile(file, 'utf8')) as Stack;

  const cli = join(PROJECT, 'node_modules', '.bin', 'serverless');
  const { stdout } = await run(cli, ['print', '--format', 'json', '--stage', 'local', '--param', `suffix=${suffix}`], {
    cwd: PROJECT,
    env: localEnvironment(process.env),
    maxBuffer: 1 << 24,
  });
  const stack = JSON.parse(stdout) as Stack;
  await mkdir(STATE, { recursive: true });
  await writeFile(`${file}.${process.pid}`, stdout);
  await rename(`${file}.${process.pid}`, file);
  return stack;
}
