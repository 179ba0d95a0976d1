// How threads are started, kept and ended, with threads that do nothing else.
import { EventEmitter, getEventListeners } from 'node:events';
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
    const behave = behaviours[started.indexOf(this)] ?? wait;
    // What was ended hears of nothing.
    setImmediate(() => this.terminated || behave(this));
  }
  ref(): void {
    this.waitedFor = true;
  }
  unref(): void {
    this.waitedFor = false;
  }
  terminate(): Promise<number> {
    this.terminated = true;
    setImmediate(() => this.emit('exit', 1));
    return Promise.resolve(0);
  }
}
jest.unstable_mockModule('node:worker_threads', () => ({ Worker: Idle }));
// Those that jest has the time of.
jest.unstable_mockModule('node:timers', () => ({
  setTimeout: (then: () => void, ms: number) => setTimeout(then, ms),
  clearTimeout: (timer: NodeJS.Timeout) => clearTimeout(timer),
}));
const { withThreads } = await import('../../lib/files/threads.ts');

const task = { job: 'seal', from: 0, to: 0, key: undefined as never, plain: 0, chunk: 65_536, blob: 2 ** 24 } as const;
const inThreads = (options: { readonly threads: number; readonly signal?: AbortSignal }): Promise<Outcome> =>
  withThreads(task.blob, options, (work) => work(task));
const KEPT_FOR = 10_000;
/** Whether each was ended. */
const ended = () => started.map(({ terminated }) => terminated);
/** What comes later has come. */
const turn = () => new Promise<void>((resolve) => setImmediate(resolve));
/** As if none had ever been started. */
const forget = async (): Promise<void> => {
  jest.advanceTimersByTime(KEPT_FOR);
  await turn();
  started = [];
};
beforeEach(() => {
  jest.useFakeTimers({ doNotFake: ['setImmediate', 'queueMicrotask', 'nextTick'] });
  started = [];
  behaviours = [];
  refuseFrom = { count: Infinity, error: new Error() };
});
afterEach(async () => {
  await forget();
  jest.useRealTimers();
});

test('one that ends without a word does not pass for one that had nothing to do', async () => {
  const end: Behaviour = (thread) => thread.emit('exit', 0);
  behaviours = [end, end];
  await expect(inThreads({ threads: 2 })).rejects.toThrow('ended before');
  const wait: Behaviour = (thread) => thread.emit('message', 'waiting');
  await forget();
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
  const outcome = async (goesOn: Uint8Array | undefined, begun: Uint8Array | undefined) => {
    await forget();
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
    await forget();
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

  test('the last one is taken first, so that others come to their end', async () => {
    await withThreads(3 * 2 ** 23, { threads: 3 }, () => Promise.resolve());
    for (let file = 0; file < 4; file++) {
      jest.advanceTimersByTime(KEPT_FOR / 2 - 1);
      await withThreads(task.blob, { threads: 1 }, () => Promise.resolve());
    }
    expect(ended().toSorted()).toEqual([false, true, true]);
    expect(started).toHaveLength(3);
  });

  describe('but not', () => {
    const digest = new Uint8Array(32);
    const part: Behaviour = (thread) => {
      thread.emit('message', { part: 0, digest });
      thread.emit('message', 'waiting');
    };
    /** By one thread, whichever. */
    const seal = () => withThreads(2 ** 22, { threads: 1 }, (work) => work({ ...task, blob: 2 ** 22 }));
    const lend = (use: (thread: Idle) => void) =>
      withThreads(2 ** 22, { threads: 1 }, () => {
        use(started[0]!);
        return Promise.resolve();
      });
    beforeEach(() => {
      behaviours = Array.from({ length: 6 }, () => part);
    });

    test('one that ended meanwhile', async () => {
      await lend(() => undefined);
      started[0]!.emit('exit', 1);
      await expect(seal()).resolves.toEqual({ digests: [digest] });
    });

    test('one that ended while somebody had it', async () => {
      await lend((thread) => thread.emit('exit', 1));
      await expect(seal()).resolves.toEqual({ digests: [digest] });
    });

    test('one that failed, and will end', async () => {
      await lend((thread) => thread.emit('error', new Error('out of memory')));
      await expect(seal()).resolves.toEqual({ digests: [digest] });
      await lend(() => undefined);
      started[1]!.emit('error', new Error('out of memory'));
      await expect(seal()).resolves.toEqual({ digests: [digest] });
      expect(started).toHaveLength(3);
    });

    test('one whose time is over, and that will end', async () => {
      await seal();
      jest.advanceTimersByTime(KEPT_FOR);
      await expect(seal()).resolves.toEqual({ digests: [digest] });
    });

    test('the fifth', async () => {
      await withThreads(2 ** 25, { threads: 4 }, () => lend(() => undefined));
      expect(ended().filter((is) => is)).toHaveLength(1);
      await expect(seal()).resolves.toEqual({ digests: [digest] });
    });

    test('one that is still at work', async () => {
      behaviours = [() => undefined];
      await lend(() => undefined);
      await withThreads(2 ** 22, { threads: 1 }, (work) => {
        work({ ...task, blob: 2 ** 22 }).catch(() => undefined);
        return turn();
      });
      expect(ended()).toEqual([true]);
    });
  });
});

test('a signal for many files gathers no listeners', async () => {
  const { signal } = new AbortController();
  const digest = new Uint8Array(32);
  behaviours = [
    (thread) => {
      thread.emit('message', { part: 0, digest });
      thread.emit('message', 'waiting');
    },
  ];
  for (let file = 0; file < 3; file++)
    await withThreads(2 ** 22, { threads: 1, signal }, (work) => work({ ...task, blob: 2 ** 22 }));
  expect(getEventListeners(signal, 'abort')).toEqual([]);
});
