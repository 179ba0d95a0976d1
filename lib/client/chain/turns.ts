// Runs tasks one after the other, in the order of the calls. A task that waits for its turn ends at once if its signal aborts.

/** Waits until `before`, the end of all earlier tasks, or until the signal aborts. @throws the signal's reason */
const turn = (before: Promise<unknown>, signal: AbortSignal | undefined): Promise<void> =>
  new Promise((resolve, reject) => {
    const stop = (): void => reject(signal?.reason as Error);
    if (signal?.aborted === true) {
      stop();
      return;
    }
    signal?.addEventListener('abort', stop, { once: true });
    void before.then(() => {
      signal?.removeEventListener('abort', stop);
      resolve();
    });
  });

/** Runs a task when all earlier tasks have ended. A task whose signal aborts while it waits never runs. */
export type InTurn = <T>(run: () => Promise<T>, signal: AbortSignal | undefined) => Promise<T>;

export const createTurns = (): InTurn => {
  /** Ends when all tasks so far have ended. It never rejects. */
  let all: Promise<unknown> = Promise.resolve();
  return (run, signal) => {
    const result = turn(all, signal).then(run);
    all = Promise.all([all, result.catch(() => undefined)]);
    return result;
  };
};
