// How threads are started and ended, with threads that do nothing else.
import { EventEmitter } from 'node:events';
import { beforeEach, expect, jest, test } from '@jest/globals';
import type { Work } from '../../lib/files/thread.ts';
import type { Outcome } from '../../lib/files/threads.ts';

type Behaviour = (thread: EventEmitter) => void;

/** What each thread in turn does with the work that it is given; unless told it waits to be stopped, as if it had a part in hand. */
let behaviours: readonly Behaviour[] = [];
let started: Idle[] = [];
/** From which one on none may be started. */
let refuseFrom = { count: Infinity, error: new Error() };

class Idle extends EventEmitter {
  terminated = false;
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
  terminate(): Promise<number> {
    this.terminated = true;
    return Promise.resolve(0);
  }
}
jest.unstable_mockModule('node:worker_threads', () => ({ Worker: Idle }));
const { withThreads } = await import('../../lib/files/threads.ts');

const task = { job: 'seal', from: 0, to: 0, key: undefined as never, plain: 0, chunk: 65_536, blob: 2 ** 24 } as const;
const inThreads = (options: { readonly threads: number; readonly signal?: AbortSignal }): Promise<Outcome> =>
  withThreads(task.blob, options, (work) => work(task));
const expectTerminated = (count: number): void => {
  expect(started.map(({ terminated }) => terminated)).toEqual(Array.from({ length: count }, () => true));
};
beforeEach(() => {
  started = [];
  behaviours = [];
  refuseFrom = { count: Infinity, error: new Error() };
});

test('one that ends without a word does not pass for one that had nothing to do', async () => {
  const end: Behaviour = (thread) => thread.emit('exit', 0);
  behaviours = [end, end];
  await expect(inThreads({ threads: 2 })).rejects.toThrow('ended before');
  const wait: Behaviour = (thread) => thread.emit('message', 'waiting');
  started = [];
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
  expectTerminated(1);
});

test('two that sealed one chunk, and found other bytes in it, are told of', async () => {
  const [a, b] = [new Uint8Array(16).fill(1), new Uint8Array(16).fill(2)];
  const digest = new Uint8Array(32);
  const outcome = (goesOn: Uint8Array | undefined, begun: Uint8Array | undefined) => {
    started = [];
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
    started = [];
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
  expectTerminated(2);
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

test('one that cannot be started ends those that were', async () => {
  const refused = new Error('not allowed');
  refuseFrom = { count: 1, error: refused };
  await expect(inThreads({ threads: 2 })).rejects.toBe(refused);
  expectTerminated(1);
});

test('they end when there is no work for them', async () => {
  const none = new Error('no work');
  await expect(withThreads(task.blob, { threads: 2 }, () => Promise.reject(none))).rejects.toBe(none);
  expectTerminated(2);
});

test('a signal stops all, and keeps work from being begun', async () => {
  const reason = new Error('enough');
  const stop = new AbortController();
  const ended = inThreads({ threads: 2, signal: stop.signal });
  setImmediate(() => stop.abort(reason));
  await expect(ended).rejects.toBe(reason);
  expectTerminated(2);
  // Would never end.
  behaviours = [() => undefined, () => undefined];
  await expect(inThreads({ threads: 2, signal: stop.signal })).rejects.toBe(reason);
});

test('no more are started than there are parts', async () => {
  const end: Behaviour = (thread) => thread.emit('exit', 0);
  behaviours = [end, end, end];
  await expect(inThreads({ threads: 9 })).rejects.toThrow('ended before');
  expectTerminated(2);
});
