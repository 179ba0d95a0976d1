// The Python that runs the local AWS: found on the machine, given a virtual environment of its own in .local/, filled from pinned hashes.
import { execFile } from 'node:child_process';
import { createHash } from 'node:crypto';
import { existsSync } from 'node:fs';
import { mkdir, readFile, rename, rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { promisify } from 'node:util';

const run = promisify(execFile);

/** Something the machine lacks. The message is for the person at the keyboard and names the way out. */
export class LocalAwsError extends Error {
  override readonly name = 'LocalAwsError';
}

const CANDIDATES = ['python3', 'python3.14', 'python3.13', 'python3.12', 'python3.11', 'python3.10', 'python'];
const VERSION = 'import sys; print("%d.%d" % sys.version_info[:2])';

const versionOf = async (python: string): Promise<number | undefined> => {
  try {
    const { stdout } = await run(python, ['-c', VERSION]);
    const [major = 0, minor = 0] = stdout.trim().split('.').map(Number);
    return major === 3 ? minor : undefined;
  } catch {
    return undefined;
  }
};

/** The first Python from 3.10 on. @throws {LocalAwsError} */
export async function findPython(candidates: readonly string[] = CANDIDATES): Promise<string> {
  for (const python of candidates) {
    if (((await versionOf(python)) ?? 0) >= 10) return python;
  }
  throw new LocalAwsError(
    'No Python 3.10 or later was found. The local AWS is a Python program: install one (Debian, Ubuntu: apt install python3 python3-venv; ' +
      'macOS: brew install python), or set AWS_ENDPOINT_URL to a LocalStack that runs already.',
  );
}

const textOf = (error: unknown): string =>
  [(error as { stdout?: string }).stdout, (error as { stderr?: string }).stderr, String(error)].join('\n');

const lastLines = (text: string): string => text.trim().split('\n').slice(-3).join('\n');

async function makeVenv(python: string, dir: string): Promise<void> {
  try {
    await run(python, ['-m', 'venv', dir]);
  } catch (error) {
    if (!/ensurepip|No module named venv|python3?[-.\w]*-venv/.test(textOf(error))) throw error;
    throw new LocalAwsError(
      `${python} has no venv module. Install it (Debian, Ubuntu: apt install python3-venv), or set AWS_ENDPOINT_URL to a LocalStack that runs already.`,
    );
  }
}

async function install(python: string, requirements: string): Promise<void> {
  try {
    const flags = [
      '--quiet',
      '--disable-pip-version-check',
      '--require-hashes',
      '--only-binary',
      ':all:',
      '--retries',
      '2',
    ];
    await run(python, ['-m', 'pip', 'install', ...flags, '-r', requirements], { maxBuffer: 1 << 24 });
  } catch (error) {
    throw new LocalAwsError(
      'The local AWS could not be installed from the Python package index. Is the network there? A proxy or mirror is set by PIP_INDEX_URL; ' +
        `everything that is needed is in ${requirements}. pip said:\n${lastLines(textOf(error))}`,
    );
  }
}

/**
 * Makes the environment if it is not there for these very requirements; about 15 s the first time.
 * @param say told what takes long
 * @returns the path of its python
 * @throws {LocalAwsError}
 */
export async function ensurePython(
  root: string,
  name: string,
  requirements: string,
  say: (line: string) => void = () => undefined,
  candidates?: readonly string[],
): Promise<string> {
  const wanted = createHash('sha256')
    .update(await readFile(requirements))
    .digest('hex');
  const dir = join(root, name);
  const python = join(dir, 'bin', 'python');
  const stamp = join(dir, 'requirements.sha256');
  if (existsSync(python) && existsSync(stamp) && (await readFile(stamp, 'utf8')) === wanted) return python;

  say('installing the local AWS (once)');
  const draft = `${dir}.${process.pid}`;
  await mkdir(root, { recursive: true });
  await rm(dir, { recursive: true, force: true });
  await makeVenv(await findPython(candidates), dir);
  await install(python, requirements);
  await writeFile(draft, wanted);
  await rename(draft, stamp);
  return python;
}
