// Python environment: finds Python on the machine, and makes a virtual environment in .local/ with the packages of the local AWS, pinned by hash. It makes
// the environment under another name and renames it when it is complete, so an interrupted or concurrent run never leaves an incomplete one.
import { execFile } from 'node:child_process';
import { createHash, randomUUID } from 'node:crypto';
import { existsSync } from 'node:fs';
import { mkdir, readdir, readFile, rename, rm, writeFile } from 'node:fs/promises';
import { basename, dirname, join } from 'node:path';
import { promisify } from 'node:util';

const run = promisify(execFile);

/** An error because something is missing on this machine. The message is for the user and says what to do. */
export class LocalAwsError extends Error {
  override readonly name = 'LocalAwsError';
}

export interface PythonOptions {
  /** The environment variables: Python is searched in PATH, and pip reads its settings from them. */
  readonly env: NodeJS.ProcessEnv;
  /** Receives a line before each step that takes long. */
  readonly say?: (line: string) => void;
  /** Names or paths of Pythons to try, in this order. */
  readonly candidates?: readonly string[];
  /** Aborts an installation. */
  readonly signal?: AbortSignal;
}

const CANDIDATES = ['python3', 'python3.14', 'python3.13', 'python3.12', 'python3.11', 'python3.10', 'python'];
const VERSION = 'import sys; print("%d.%d" % sys.version_info[:2])';
const OLDEST_MINOR = 10;
const PROBE_MS = 20_000;
const OR_ELSE = 'or set AWS_ENDPOINT_URL to a local AWS that runs already.';
const INSTALL_ONE =
  'The local AWS is a Python program: install one (Debian, Ubuntu: apt install python3 python3-venv; macOS: brew install python), ';

const versionOf = async (python: string, env: NodeJS.ProcessEnv): Promise<string | undefined> => {
  try {
    const { stdout } = await run(python, ['-c', VERSION], { env, timeout: PROBE_MS });
    return /^\d+\.\d+$/.exec(stdout.trim())?.[0];
  } catch {
    return undefined;
  }
};

const isEnough = (version: string): boolean => {
  const [major = 0, minor = 0] = version.split('.').map(Number);
  return major === 3 && minor >= OLDEST_MINOR;
};

/** Finds all Pythons of version 3.10 or later, in the order of `candidates`; at least one. @throws {LocalAwsError} */
export async function findPythons({ env, candidates = CANDIDATES }: PythonOptions): Promise<readonly string[]> {
  const versions = await Promise.all(candidates.map((python) => versionOf(python, env)));
  const found = candidates.filter((_, i) => isEnough(versions[i] ?? ''));
  if (found.length > 0) return found;
  const old = candidates.flatMap((python, i) => (versions[i] === undefined ? [] : [`${python} is ${versions[i]}`]));
  throw new LocalAwsError(
    `No Python 3.${OLDEST_MINOR} or later was found${old.length === 0 ? '' : ` (${old.join(', ')})`}. ${INSTALL_ONE}${OR_ELSE}`,
  );
}

const outputOf = (error: unknown): string => {
  const { stdout, stderr } = error as { readonly stdout?: string; readonly stderr?: string };
  return `${stdout ?? ''}\n${stderr ?? ''}`.trim() || String(error);
};

const lastLines = (text: string): string => text.trim().split('\n').slice(-4).join('\n');

/** Makes a virtual environment. @returns undefined; or, if the venv module is missing, the Debian package that contains it */
async function makeVenv(python: string, dir: string, env: NodeJS.ProcessEnv): Promise<string | undefined> {
  try {
    await run(python, ['-m', 'venv', dir], { env });
    return undefined;
  } catch (error) {
    const output = outputOf(error);
    if (!/ensurepip|No module named '?venv/.test(output))
      throw new LocalAwsError(
        `${python} could not make a virtual environment in ${dirname(dir)}. Is there room, and may it be written? ` +
          `Mend that, ${OR_ELSE} It said:\n${lastLines(output)}`,
      );
    return /apt(?:-get)? install (\S+)/.exec(output)?.[1] ?? 'python3-venv';
  }
}

/** Makes a virtual environment with the first Python that has the venv module. */
async function makeVenvByAny(pythons: readonly string[], dir: string, env: NodeJS.ProcessEnv): Promise<void> {
  const lacks: string[] = [];
  for (const python of pythons) {
    const lack = await makeVenv(python, dir, env);
    if (lack === undefined) return;
    lacks.push(lack);
    await rm(dir, { recursive: true, force: true });
  }
  throw new LocalAwsError(
    `${pythons.join(', ')}: found, but without the venv module. Install it (Debian, Ubuntu: apt install ${lacks[0] ?? ''}), ${OR_ELSE}`,
  );
}

const PIP = [
  ...['-m', 'pip', 'install', '--quiet', '--disable-pip-version-check'],
  ...['--require-hashes', '--only-binary', ':all:', '--retries', '2'],
];

async function install(python: string, requirements: string, { env, signal }: PythonOptions): Promise<void> {
  try {
    await run(python, [...PIP, '-r', requirements], { env, maxBuffer: 1 << 24, ...(signal && { signal }) });
  } catch (error) {
    signal?.throwIfAborted();
    throw new LocalAwsError(
      'The local AWS could not be installed from the Python package index. Is the network there? Name a proxy in HTTPS_PROXY or a mirror in ' +
        `PIP_INDEX_URL and try again, ${OR_ELSE} All that is needed is in ${requirements}. pip said:\n${lastLines(outputOf(error))}`,
    );
  }
}

const pythonIn = (dir: string): string => join(dir, 'bin', 'python');
const stampIn = (dir: string): string => join(dir, 'requirements.sha256');

const isInstalled = async (dir: string, wanted: string): Promise<boolean> =>
  existsSync(pythonIn(dir)) && existsSync(stampIn(dir)) && (await readFile(stampIn(dir), 'utf8')) === wanted;

/** Whether a process with this number runs, even if it belongs to another user. */
export const isAlive = (pid: number): boolean => {
  try {
    return process.kill(pid, 0);
  } catch (error) {
    return (error as NodeJS.ErrnoException).code === 'EPERM';
  }
};

/** Deletes the drafts of processes that were killed. If pip still writes into a draft, the draft cannot be deleted and remains until the next run. */
async function sweepDrafts(dir: string): Promise<void> {
  const prefix = `${basename(dir)}.draft-`;
  for (const entry of await readdir(dirname(dir)))
    if (entry.startsWith(prefix) && !isAlive(Number.parseInt(entry.slice(prefix.length), 10)))
      await rm(join(dirname(dir), entry), { recursive: true, force: true }).catch(() => undefined);
}

/**
 * Makes the virtual environment, unless there is one for exactly these requirements. This takes about 15 s.
 * @returns the path of its Python
 * @throws {LocalAwsError}
 */
export async function ensurePython(
  root: string,
  name: string,
  requirements: string,
  options: PythonOptions,
): Promise<string> {
  const { env, say = () => undefined } = options;
  const wanted = createHash('sha256')
    .update(await readFile(requirements))
    .digest('hex');
  const dir = join(root, name);
  if (await isInstalled(dir, wanted)) return pythonIn(dir);

  const pythons = await findPythons(options);
  say('installing the local AWS (once)');
  const draft = `${dir}.draft-${process.pid}-${randomUUID().slice(0, 8)}`;
  await mkdir(root, { recursive: true });
  await sweepDrafts(dir);
  if (!(await isInstalled(dir, wanted))) await rm(dir, { recursive: true, force: true });
  try {
    await makeVenvByAny(pythons, draft, env);
    options.signal?.throwIfAborted();
    await install(pythonIn(draft), requirements, options);
    await writeFile(stampIn(draft), wanted);
    await rename(draft, dir).catch(async (error: unknown) => {
      // If another process has made the same environment meanwhile, the rename fails, and that environment is used.
      if (!(await isInstalled(dir, wanted))) throw error;
    });
  } finally {
    await rm(draft, { recursive: true, force: true });
  }
  return pythonIn(dir);
}
