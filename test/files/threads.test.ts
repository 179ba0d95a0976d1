// How threads are started, kept and ended, with threads that do nothing else.
import { EventEmitter } from 'node:events';
import { afterEach, beforeEach, describe, expect, jest, test } from '@jest/globals';
import type { Work } from '../../lib/files/thread.ts';
import type { Outcome } from '../../lib/files/threads.ts';

type Behaviour = (thread: Idle) => void;

/** What each thread in turn does with the work that it is given; unless told it waits to be stopped, as if it had a part in hand. */
let behaviours: readonly Behaviour[] = [];
let started: Idle[] = [];
/** From which one on none may be started. */
let refuseFrom = { count: Infinity, error: new Error() };

class Idle extends EventEmitter {
  terminated = false;
  /** Whether the process would wait for it. */
  waitedFor = true;
  constructor() {
    super();
    if (started.length >= refuseFrom.count) throw refuseFrom.error;
    started.push(this);
  }
  postMessage({ shared }: Work): void {
    const wait = (): void => {
      if (Atomics.load(shared.limit, 0) > 0 && !this.terminated) setImmediate(wait);
      else this.emit('message', 'waiting');
    };
    setImmediate(behaviours[started.indexOf(this)] ?? wait, this);
  }
  ref(): void {
    this.waitedFor = true;
  }
  unref(): void {
    this.waitedFor = false;
  }
  terminate(): Promise<number> {
    this.terminated = true;
    this.emit('exit', 1);
    return Promise.resolve(0);
  }
}
jest.unstable_mockModule('node:worker_threads', () => ({ Worker: Idle }));
const { withThreads } = await import('../../lib/files/threads.ts');

const task = { job: 'seal', from: 0, to: 0, key: undefined as never, plain: 0, chunk: 65_536, blob: 2 ** 24 } as const;
const inThreads = (options: { readonly threads: number; readonly signal?: AbortSignal }): Promise<Outcome> =>
  withThreads(task.blob, options, (work) => work(task));
const KEPT_FOR = 10_000;
/** Whether each was ended. */
const ended = () => started.map(({ terminated }) => terminated);
/** As if none had ever been started. */
const forget = (): void => {
  jest.advanceTimersByTime(KEPT_FOR);
  started = [];
};
beforeEach(() => {
  jest.useFakeTimers({ doNotFake: ['setImmediate', 'queueMicrotask', 'nextTick'] });
  started = [];
  behaviours = [];
  refuseFrom = { count: Infinity, error: new Error() };
});
afterEach(() => {
  forget();
  jest.useRealTimers();
});

test('one that ends without a word does not pass for one that had nothing to do', async () => {
  const end: Behaviour = (thread) => thread.emit('exit', 0);
  behaviours = [end, end];
  await expect(inThreads({ threads: 2 })).rejects.toThrow('ended before');
  const wait: Behaviour = (thread) => thread.emit('message', 'waiting');
  forget();
  behaviours = [wait, wait];
  await expect(inThreads({ threads: 2 })).rejects.toThrow('ended before');
});

test('one that told of all its parts, and ended before it said that it waits, may not have written them', async () => {
  behaviours = [
    (thread) => {
      for (const part of [0, 1]) thread.emit('message', { part, digest: new Uint8Array(32) });
      thread.emit('exit', 1);
    },
  ];
  await expect(inThreads({ threads: 1 })).rejects.toThrow('ended before');
});

test('two that sealed one chunk, and found other bytes in it, are told of', async () => {
  const [a, b] = [new Uint8Array(16).fill(1), new Uint8Array(16).fill(2)];
  const digest = new Uint8Array(32);
  const outcome = (goesOn: Uint8Array | undefined, begun: Uint8Array | undefined) => {
    forget();
    behaviours = [
      (thread) => {
        thread.emit('message', { part: 1, digest, begun });
        thread.emit('message', { part: 0, digest, goesOn });
        thread.emit('message', 'waiting');
      },
    ];
    return inThreads({ threads: 1 });
  };
  await expect(outcome(a, a.slice())).resolves.toEqual({ digests: [digest, digest] });
  await expect(outcome(undefined, undefined)).resolves.toEqual({ digests: [digest, digest] });
  for (const [one, other] of [
    [a, b],
    [a, undefined],
    [undefined, b],
  ] as const)
    await expect(outcome(one, other)).resolves.toEqual({ fault: { changed: true } });
});

test('the first of several faults is told, whoever comes first', async () => {
  const refuse =
    (part: number): Behaviour =>
    (thread) => {
      thread.emit('message', { part, fault: { chunk: 100 * part } });
      thread.emit('message', 'waiting');
    };
  for (const parts of [
    [0, 1],
    [1, 0],
  ] as const) {
    forget();
    behaviours = parts.map(refuse);
    await expect(inThreads({ threads: 2 })).resolves.toMatchObject({ fault: { chunk: 0 } });
  }
});

test('one that fails stops the others, and its failure is told when all have stopped', async () => {
  const failure = new Error('out of memory');
  behaviours = [(thread) => void (thread.emit('error', failure), thread.emit('exit', 1))];
  let stopped = 0;
  const result = withThreads(task.blob, { threads: 2 }, (work) => {
    started[1]!.on('message', () => stopped++);
    return work(task);
  });
  await expect(result).rejects.toBe(failure);
  expect(stopped).toBe(1);
  // The next file is sealed by the one that is left, and a new one.
  behaviours = [];
  await withThreads(task.blob, { threads: 2 }, () => Promise.resolve());
  expect(started).toHaveLength(3);
});

test('one that failed before there was work', async () => {
  const failure = new Error('out of memory');
  const result = withThreads(task.blob, { threads: 2 }, async (work) => {
    started[0]!.emit('error', failure);
    started[0]!.emit('exit', 1);
    await new Promise(setImmediate);
    return work(task);
  });
  await expect(result).rejects.toBe(failure);
});

test('one that cannot be started', async () => {
  const refused = new Error('not allowed');
  refuseFrom = { count: 1, error: refused };
  await expect(inThreads({ threads: 2 })).rejects.toBe(refused);
  jest.advanceTimersByTime(KEPT_FOR);
  expect(ended()).toEqual([true]);
});

test('a signal stops all, and keeps work from being begun', async () => {
  const reason = new Error('enough');
  const stop = new AbortController();
  const stopped = inThreads({ threads: 2, signal: stop.signal });
  setImmediate(() => stop.abort(reason));
  await expect(stopped).rejects.toBe(reason);
  // Would never end.
  behaviours = [() => undefined, () => undefined];
  await expect(inThreads({ threads: 2, signal: stop.signal })).rejects.toBe(reason);
});

test('no more are started than there are parts', async () => {
  await withThreads(task.blob, { threads: 9 }, () => Promise.resolve());
  expect(started).toHaveLength(2);
});

describe('kept', () => {
  const nothing = { threads: 2 };
  const idle = () => withThreads(task.blob, nothing, () => Promise.resolve());

  test('for the next file, whether they had work or not, and without holding up the process', async () => {
    const digest = new Uint8Array(32);
    const seal: Behaviour = (thread) => {
      thread.emit('message', { part: started.indexOf(thread), digest });
      thread.emit('message', 'waiting');
    };
    behaviours = [seal, seal];
    await idle();
    for (let file = 0; file < 3; file++) {
      expect(started.map(({ waitedFor }) => waitedFor)).toEqual([false, false]);
      await withThreads(task.blob, nothing, async (work) => {
        expect(started.map(({ waitedFor }) => waitedFor)).toEqual([true, true]);
        await expect(work(task)).resolves.toEqual({ digests: [digest, digest] });
      });
    }
    expect(ended()).toEqual([false, false]);
    // Nobody hears of the files before.
    expect(started.map((thread) => thread.listenerCount('message'))).toEqual([1, 1]);
  });

  test('for so long after the last one', async () => {
    await idle();
    jest.advanceTimersByTime(KEPT_FOR - 1);
    expect(ended()).toEqual([false, false]);
    await withThreads(task.blob, nothing, () => {
      jest.advanceTimersByTime(2 * KEPT_FOR);
      return Promise.resolve();
    });
    jest.advanceTimersByTime(KEPT_FOR - 1);
    expect(ended()).toEqual([false, false]);
    jest.advanceTimersByTime(1);
    expect(ended()).toEqual([true, true]);
    await idle();
    expect(started).toHaveLength(4);
  });

  test('by one file at a time, and four at most', async () => {
    const three = 3 * 2 ** 23;
    await withThreads(three, { threads: 3 }, () =>
      withThreads(three, { threads: 3 }, async () => {
        expect(started).toHaveLength(6);
        await Promise.resolve();
      }),
    );
    expect(ended().filter((is) => is)).toHaveLength(2);
    await withThreads(three, { threads: 3 }, () => Promise.resolve());
    expect(started).toHaveLength(6);
  });

  test('but not one that ended meanwhile', async () => {
    await idle();
    started[1]!.emit('exit', 1);
    await idle();
    expect(started).toHaveLength(3);
  });

  test('nor one that is still at work', async () => {
    behaviours = [() => undefined, () => undefined];
    await withThreads(task.blob, nothing, (work) => {
      work(task).catch(() => undefined);
      return new Promise((resolve) => setImmediate(resolve));
    });
    expect(ended()).toEqual([true, true]);
  });
});
