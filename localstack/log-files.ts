// Log files: gives each local program and port one log file, and deletes all files but the newest.
import { mkdir, readdir, rm, stat } from 'node:fs/promises';
import { join } from 'node:path';

const KEPT = 20;

/** Deletes the oldest log files, so that at most 20 are left with the new one. @returns the path of the new file, in `logs` of the state folder */
export async function logFileIn(state: string, name: string): Promise<string> {
  const dir = join(state, 'logs');
  await mkdir(dir, { recursive: true });
  const others = (await readdir(dir)).filter((entry) => entry.endsWith('.log') && entry !== name);
  const dated = await Promise.all(
    others.map(async (entry) => {
      const file = join(dir, entry);
      // If another process has deleted the file meanwhile, the time of the file counts as 0.
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
