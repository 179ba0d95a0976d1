// Shutdown: ends a run after a signal (a closed terminal sends SIGHUP), or when the parent process is gone. Processes that the run started end in the same way.
import { constants } from 'node:os';

const WATCH_MS = 500;
const ENDINGS = ['SIGINT', 'SIGTERM', 'SIGHUP'] as const;

export interface Ending {
  /** Aborted by the first signal. A second signal ends the process at once. */
  readonly signal: AbortSignal;
  /** Returns the exit code as shells define it: 128 plus the number of the signal; 0 before any signal. */
  readonly exitCode: () => number;
}

/** Begins to listen for signals. If the parent of this process (npm or a shell) is gone, the process ends as after SIGHUP. */
export const listenForEnding = (): Ending => {
  const controller = new AbortController();
  let code = 0;
  const onEnding = (name: (typeof ENDINGS)[number]): void => {
    for (const other of ENDINGS) process.off(other, onEnding);
    clearInterval(watch);
    code = 128 + constants.signals[name];
    // If the terminal is closed, writing to it fails. The error is ignored, so that the shutdown continues.
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

// Returns the code with which a process ends itself when its parent is gone. The code is JavaScript, because Node loads it before any loader for TypeScript.
// Worker threads load it too, but only the main thread watches. It contains the parent's number, because the parent may be gone before the code runs.
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

/** Returns the arguments with which a child process of Node ends when this process, its parent, is gone. */
export const endsWithParent = (parent = process.pid): readonly string[] => [
  '--import',
  `data:text/javascript,${encodeURIComponent(watchParent(parent))}`,
];
