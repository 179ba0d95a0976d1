// Shutdown: ends a run after a signal (a closed terminal sends SIGHUP), or when the parent process is gone. The processes that it started end likewise.
import { constants } from 'node:os';

const WATCH_MS = 500;
const ENDINGS = ['SIGINT', 'SIGTERM', 'SIGHUP'] as const;

export interface Ending {
  /** Aborted by the first signal. A second signal ends the process at once. */
  readonly signal: AbortSignal;
  /** The exit code of shells: 128 plus the number of the signal; 0 before any signal. */
  readonly exitCode: () => number;
}

/** Begins to listen for signals. A process whose parent (npm, or a shell that was killed) is gone ends as after SIGHUP. */
export const listenForEnding = (): Ending => {
  const controller = new AbortController();
  let code = 0;
  const onEnding = (name: (typeof ENDINGS)[number]): void => {
    for (const other of ENDINGS) process.off(other, onEnding);
    clearInterval(watch);
    code = 128 + constants.signals[name];
    // Writing to a closed terminal fails. That must not stop the shutdown.
    for (const output of [process.stdout, process.stderr]) output.on('error', () => undefined);
    controller.abort();
  };
  const parent = process.ppid;
  const watch = setInterval(() => {
    if (process.ppid !== parent) onEnding('SIGHUP');
  }, WATCH_MS);
  watch.unref();
  for (const name of ENDINGS) process.on(name, onEnding);
  return { signal: controller.signal, exitCode: () => code };
};

// The module is passed as a data URL, because Node preloads it before any loader for TypeScript. Worker threads preload it too, but only the main thread
// watches. The parent's number is passed, because the parent may be gone before this code runs.
const watchParent = (parent: number): string => `
import { isMainThread } from 'node:worker_threads';
if (isMainThread) {
  const watch = setInterval(() => {
    if (process.ppid === ${parent}) return;
    clearInterval(watch);
    setTimeout(() => process.kill(process.pid, 'SIGKILL'), 5000);
    process.kill(process.pid, 'SIGTERM');
  }, ${WATCH_MS});
  watch.unref();
}`;

/** Arguments for a Node process that ends when this process, its parent, is gone. */
export const endsWithParent = (parent = process.pid): readonly string[] => [
  '--import',
  `data:text/javascript,${encodeURIComponent(watchParent(parent))}`,
];
