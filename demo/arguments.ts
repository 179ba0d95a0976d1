// Parses the arguments of the demo, and checks that every file can be read, before anything starts.
import { constants } from 'node:fs';
import { access, readdir, stat } from 'node:fs/promises';
import { join, resolve } from 'node:path';

export interface Arguments {
  readonly json: boolean;
  readonly files: readonly string[];
}

/** A wrong command line. The message is for the user. */
export class UsageError extends Error {
  override readonly name = 'UsageError';
}

const SAMPLES = join(import.meta.dirname, 'samples');
const LARGEST = 2 ** 30;
export const USAGE = `usage: npm run demo -- [--json] [FILE...]

Without files, the samples in demo/samples are used. Files may be of any type, 0 bytes to 1 GiB.
  --json   print one JSON line instead of the story`;

/** Tells whether a file is a sample. The README is not one. */
const isSample = (name: string): boolean => !name.startsWith('.') && !name.endsWith('.md');

const why = (error: unknown): string => {
  const code = (error as NodeJS.ErrnoException).code;
  if (code === 'ENOENT') return 'there is no such file';
  if (code === 'EACCES' || code === 'EPERM') return 'it may not be read';
  return `it cannot be read (${code ?? 'unknown reason'})`;
};

const fault = async (file: string): Promise<string | undefined> => {
  try {
    const { size, isFile } = await stat(file).then((s) => ({ size: s.size, isFile: s.isFile() }));
    if (!isFile) return 'it is not a file';
    if (size > LARGEST) return 'it is larger than 1 GiB';
    await access(file, constants.R_OK);
    return undefined;
  } catch (error) {
    return why(error);
  }
};

/** Parses the arguments. @throws {UsageError} with the name of every file that cannot be used */
export const readArguments = async (argv: readonly string[]): Promise<Arguments> => {
  const end = argv.indexOf('--');
  const options = (end < 0 ? argv : argv.slice(0, end)).filter((a) => a.startsWith('-'));
  const names = argv.filter((a, i) => i > end && (end >= 0 || !a.startsWith('-')));
  if (end > 0) names.unshift(...argv.slice(0, end).filter((a) => !a.startsWith('-')));
  const unknown = options.filter((o) => o !== '--json');
  if (unknown.length > 0) throw new UsageError(`unknown option ${unknown.join(' ')}\n\n${USAGE}`);

  const files =
    names.length > 0
      ? names.map((n) => resolve(process.env['INIT_CWD'] ?? process.cwd(), n))
      : (await readdir(SAMPLES))
          .filter(isSample)
          .sort()
          .map((n) => join(SAMPLES, n));
  const faults = await Promise.all(files.map(async (file) => ({ file, fault: await fault(file) })));
  const bad = faults.filter((f) => f.fault !== undefined);
  if (bad.length > 0) throw new UsageError(bad.map((f) => `cannot use ${f.file}: ${f.fault ?? ''}`).join('\n'));
  return { json: options.includes('--json'), files };
};
