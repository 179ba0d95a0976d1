// Interleaves actors: an actor waits at each of its gates. When every actor waits or has ended, the test chooses which one continues. So the test decides the
// order of the steps, and the speed of the machine does not. But calls that one actor makes in parallel may reach their gates in any order.
import { AsyncLocalStorage } from 'node:async_hooks';
import type { Schedule } from './memory/index.ts';

interface Waiting {
  readonly actor: string;
  readonly goOn: () => void;
}

/** Makes an interleaver. @param choose the choice of the test: returns a number from 0 to `count` - 1 */
export const createInterleaver = (choose: (count: number) => number) => {
  const current = new AsyncLocalStorage<string>();
  const running = new Set<string>();
  const waiting: Waiting[] = [];

  const allWait = (): boolean =>
    waiting.length > 0 && [...running].every((actor) => waiting.some((w) => w.actor === actor));

  /** While all actors wait, lets a chosen one continue. An actor that makes calls in parallel may wait at several gates. */
  const release = (): void => {
    while (allWait()) waiting.splice(choose(waiting.length), 1)[0]!.goOn();
  };

  /** Waits until the current actor is chosen. Code outside of the actors does not wait. */
  const gate = (): Promise<void> => {
    const actor = current.getStore();
    if (actor === undefined) return Promise.resolve();
    return new Promise((goOn) => {
      waiting.push({ actor, goOn });
      release();
    });
  };

  /** Makes each step of a store wait at a gate first. */
  const schedule: Schedule = async (_name, step) => {
    await gate();
    return step();
  };

  const start = async (actor: string, act: () => Promise<void>): Promise<void> => {
    try {
      await current.run(actor, act);
    } finally {
      running.delete(actor);
      release();
    }
  };

  /** Runs all actors at the same time, and waits until all have ended. */
  const run = async (actors: Readonly<Record<string, () => Promise<void>>>): Promise<void> => {
    for (const actor of Object.keys(actors)) running.add(actor);
    await Promise.all(Object.entries(actors).map(([actor, act]) => start(actor, act)));
  };

  return { gate, schedule, run };
};
