// How a run ends: by a signal (a closed terminal sends SIGHUP), or because whoever started it is gone. What it started learns of its end the same way.
import { constants } from 'node:os';

const WATCH_MS = 500;
const ENDINGS = ['SIGINT', 'SIGTERM', 'SIGHUP'] as const;

export interface Ending {
  /** Aborted by the first signal; a second one ends the process at once. */
  readonly signal: AbortSignal;
  /** As a shell counts: 128 and the signal's number; 0 before any. */
  readonly exitCode: () => number;
}

/** Listens from now on. Without its parent (npm, or a shell that was killed) a process ends as after SIGHUP. */
export const listenForEnding = (): Ending => {
  const controller = new AbortController();
  let code = 0;
  const onEnding = (name: (typeof ENDINGS)[number]): void => {
    for (const other of ENDINGS) process.off(other, onEnding);
    clearInterval(watch);
    code = 128 + constants.signals[name];
    // A closed terminal takes no more lines, and that is no reason to leave anything running.
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

// By value: Node preloads it before any loader for TypeScript. Worker threads preload it too, and leave it to the main thread.
// The parent is named, as it may be gone before this runs.
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

/** Arguments for a Node, started by this process, that ends when this process is gone. */
export const endsWithParent = (parent = process.pid): readonly string[] => [
  '--import',
  `data:text/javascript,${encodeURIComponent(watchParent(parent))}`,
];
