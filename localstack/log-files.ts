// Log files: names one log file for each local program and port, and deletes all but the newest.
import { mkdir, readdir, rm, stat } from 'node:fs/promises';
import { join } from 'node:path';

const KEPT = 20;

/** Deletes old logs, to make room for one more. @returns its path, in `logs` of the state folder */
export async function logFileIn(state: string, name: string): Promise<string> {
  const dir = join(state, 'logs');
  await mkdir(dir, { recursive: true });
  const others = (await readdir(dir)).filter((entry) => entry.endsWith('.log') && entry !== name);
  const dated = await Promise.all(
    others.map(async (entry) => {
      const file = join(dir, entry);
      // Another process may have deleted the file meanwhile.
      return {
        file,
        time: await stat(file).then(
          (s) => s.mtimeMs,
          () => 0,
        ),
      };
    }),
  );
  for (const { file } of dated.sort((a, b) => b.time - a.time).slice(KEPT - 1)) await rm(file, { force: true });
  return join(dir, name);
}
