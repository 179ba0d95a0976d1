// Starts the native implementations of the comparison, each in a process of its own that runs one batch at a time. An implementation that cannot be built is
// left out, and the reason is kept.
import { spawn, spawnSync } from 'node:child_process';
import { join } from 'node:path';
import { stderr } from 'node:process';
import { createInterface } from 'node:readline';
import { forOperations, type Batches } from './timing-loop.ts';

const built = join(import.meta.dirname, '..', '.local', 'bench');
const python = join(built, 'pyumbral', 'bin', 'python');

export interface NativeLane {
  readonly name: 'crate' | 'pyUmbral';
  readonly batches: Batches;
  readonly end: () => void;
}

/** Runs a command. @throws {Error} with the most useful line of the command's output */
const run = (command: string, ...args: readonly string[]): void => {
  const { error, status, stderr: output } = spawnSync(command, args, { encoding: 'utf8', stdio: ['ignore', 'ignore', 'pipe'] }); // prettier-ignore
  if (error !== undefined) throw new Error(`${command} does not run (${(error as NodeJS.ErrnoException).code})`);
  const lines = output.trim().split('\n');
  if (status !== 0) throw new Error(lines.find((line) => /^error/i.test(line)) ?? lines.at(-1));
};

const start = (name: NativeLane['name'], command: string, ...args: readonly string[]): NativeLane => {
  const child = spawn(command, args, { stdio: ['pipe', 'pipe', 'ignore'] });
  // Ignores the errors of the process: if it does not start, or ends, `ask` gets no answer and throws.
  child.once('error', () => undefined);
  child.stdin.once('error', () => undefined);
  const answers = createInterface({ input: child.stdout })[Symbol.asyncIterator]();
  const ask = async (operation: number, calls: number): Promise<number> => {
    child.stdin.write(`${operation} ${calls}\n`);
    const { done, value } = await answers.next();
    if (done === true) throw new Error(`${command} ended`);
    return Number(value);
  };
  return {
    name,
    batches: forOperations((_, operation) => (calls) => ask(operation, calls)),
    end: () => child.stdin.end(),
  };
};

/** Builds and starts the Rust crate umbral-pre. */
const crate = (): NativeLane => {
  run('cargo', 'build', '--quiet', '--release', `--manifest-path=${join(import.meta.dirname, 'rust', 'Cargo.toml')}`, `--target-dir=${join(built, 'rust')}`); // prettier-ignore
  return start('crate', join(built, 'rust', 'release', 'umbral-bench'));
};

const pyUmbral = (): NativeLane => {
  try {
    run(python, '-c', 'import umbral');
  } catch {
    run('python3.11', '-m', 'venv', join(built, 'pyumbral'));
    run(python, '-m', 'pip', 'install', '--quiet', 'umbral==0.3.0');
  }
  return start('pyUmbral', python, join(import.meta.dirname, 'python', 'bench.py'));
};

export const nativeLanes = async (): Promise<readonly NativeLane[]> => {
  const lanes: NativeLane[] = [];
  for (const make of [crate, pyUmbral])
    try {
      const lane = make();
      for (const batch of Object.values(lane.batches)) await batch(1);
      lanes.push(lane);
    } catch (error) {
      stderr.write(`${make.name} is left out: ${(error as Error).message}\n`);
    }
  return lanes;
};
