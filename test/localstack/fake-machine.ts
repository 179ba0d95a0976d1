// Makes a fake machine with the Pythons that a test wants: shell scripts, alone on their own PATH, in a folder that is deleted after the test.
import { chmod, cp, mkdir, mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

/**
 * The version that a fake Python prints, and the shell code that it runs for each command. `venv` finds the folder of the new environment in `$3`, and `server`
 * its port in `$GATEWAY_PORT`.
 */
export interface FakePython {
  readonly version?: string;
  readonly venv?: string;
  readonly pip?: string;
  readonly server?: string;
}

export interface FakeMachine {
  readonly root: string;
  readonly state: string;
  readonly requirements: string;
  readonly env: NodeJS.ProcessEnv;
  readonly addPython: (name: string, does: FakePython) => Promise<void>;
  /** How often a command was called, for example `-m pip`. */
  readonly calls: (command: string) => Promise<number>;
  readonly remove: () => Promise<void>;
}

const VENV = 'mkdir -p "$3/bin"; cp "$0" "$3/bin/python"';

const script = (
  root: string,
  { version = '3.11', venv = VENV, pip = ':', server = ':' }: FakePython,
): string => `#!/bin/sh
PATH=/usr/bin:/bin
ROOT='${root}'
case "$1 $2" in
  *version_info*) echo '${version}';;
  '-m venv') echo '-m venv' >> "$ROOT/calls"; ${venv};;
  '-m pip') echo '-m pip' >> "$ROOT/calls"; ${pip};;
  *ministack*) echo ministack >> "$ROOT/calls"; ${server};;
esac
`;

export async function fakeMachine(): Promise<FakeMachine> {
  const root = await mkdtemp(join(tmpdir(), 'records-machine-'));
  const bin = join(root, 'bin');
  await mkdir(bin);
  const requirements = join(root, 'requirements.txt');
  await cp(join(import.meta.dirname, '../../localstack/ministack-requirements.txt'), requirements);
  return {
    root,
    state: join(root, 'state'),
    requirements,
    env: { PATH: bin },
    addPython: async (name, does) => {
      await writeFile(join(bin, name), script(root, does));
      await chmod(join(bin, name), 0o755);
    },
    calls: async (command) => {
      const lines = await readFile(join(root, 'calls'), 'utf8').catch(() => '');
      return lines.split('\n').filter((line) => line === command).length;
    },
    remove: () => rm(root, { recursive: true, force: true, maxRetries: 5 }),
  };
}

/** Waits until `holds` returns true. The time limit of the test ends the wait. */
export async function until(holds: () => boolean | Promise<boolean>): Promise<void> {
  while (!(await holds())) await new Promise((resolve) => setTimeout(resolve, 20));
}

/** Returns name and message of the error that the work throws. If it throws none, the text says so and contains its value. */
export const messageOf = (work: Promise<unknown>): Promise<string> =>
  work.then(
    (value) => `nothing was thrown, but answered ${JSON.stringify(value)}`,
    (error: unknown) => `${(error as Error).name}: ${(error as Error).message}`,
  );
