// Tests how workers are started, run and ended, using fake workers.
import { EventEmitter, getEventListeners } from 'node:events';
import { beforeEach, expect, jest, test } from '@jest/globals';
import type { Work } from '../../lib/files/worker.ts';
import type { Outcome } from '../../lib/files/run-workers.ts';

type Behaviour = (thread: Idle) => void;

/**
 * What each worker does with its work, in the order in which the workers start. A worker without an entry waits until it is ended, as if it worked on a part.
 */
let behaviours: readonly Behaviour[] = [];
let started: Idle[] = [];
/** After `count` workers have started, starting another one throws `error`. */
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
      else this.emit('message', 'done');
    };
    const behave = behaviours[started.indexOf(this)] ?? wait;
    // If the worker was ended meanwhile, it gets no work.
    setImmediate(() => this.terminated || behave(this));
  }
  terminate(): Promise<number> {
    this.terminated = true;
    setImmediate(() => this.emit('exit', 1));
    return Promise.resolve(0);
  }
}
jest.unstable_mockModule('node:worker_threads', () => ({ Worker: Idle }));
const { withWorkers } = await import('../../lib/files/run-workers.ts');

const task = { job: 'seal', from: 0, to: 0, key: undefined as never, plain: 0, chunk: 65_536, blob: 2 ** 24 } as const;
const inThreads = (options: { readonly threads: number; readonly signal?: AbortSignal }): Promise<Outcome> =>
  withWorkers(task.blob, options, (work) => work(task));
/** Tells, for each worker, whether it was ended. */
const ended = () => started.map(({ terminated }) => terminated);
beforeEach(() => {
  started = [];
  behaviours = [];
  refuseFrom = { count: Infinity, error: new Error() };
});

test('a worker that ends without a message is not taken for one without work', async () => {
  const end: Behaviour = (thread) => thread.emit('exit', 0);
  behaviours = [end, end];
  await expect(inThreads({ threads: 2 })).rejects.toThrow('ended before');
  const wait: Behaviour = (thread) => thread.emit('message', 'done');
  started = [];
  behaviours = [wait, wait];
  await expect(inThreads({ threads: 2 })).rejects.toThrow('ended before');
});

test('a worker that reports all its parts and ends before `done` may not have written them', async () => {
  behaviours = [
    (thread) => {
      for (const part of [0, 1]) thread.emit('message', { part, digest: new Uint8Array(32) });
      thread.emit('exit', 1);
    },
  ];
  await expect(inThreads({ threads: 1 })).rejects.toThrow('ended before');
});

test('two workers that found different bytes in one chunk are reported', async () => {
  const [a, b] = [new Uint8Array(16).fill(1), new Uint8Array(16).fill(2)];
  const digest = new Uint8Array(32);
  const outcome = async (atEnd: Uint8Array | undefined, atStart: Uint8Array | undefined) => {
    started = [];
    behaviours = [
      (thread) => {
        thread.emit('message', { part: 1, digest, atStart });
        thread.emit('message', { part: 0, digest, atEnd });
        thread.emit('message', 'done');
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

test('the fault of the lowest part is reported, in any order of the messages', async () => {
  const refuse =
    (part: number): Behaviour =>
    (thread) => {
      thread.emit('message', { part, fault: { chunk: 100 * part } });
      thread.emit('message', 'done');
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

test('a worker that fails stops the others, and its error is reported when all have stopped', async () => {
  const failure = new Error('out of memory');
  behaviours = [(thread) => void (thread.emit('error', failure), thread.emit('exit', 1))];
  let stopped = 0;
  const result = withWorkers(task.blob, { threads: 2 }, (work) => {
    started[1]!.on('message', () => stopped++);
    return work(task);
  });
  await expect(result).rejects.toBe(failure);
  expect(stopped).toBe(1);
  expect(ended()).toEqual([true, true]);
});

test('a worker that fails before it gets work', async () => {
  const failure = new Error('out of memory');
  const result = withWorkers(task.blob, { threads: 2 }, async (work) => {
    started[0]!.emit('error', failure);
    started[0]!.emit('exit', 1);
    await new Promise(setImmediate);
    return work(task);
  });
  await expect(result).rejects.toBe(failure);
});

test('a worker that cannot be started', async () => {
  const refused = new Error('not allowed');
  refuseFrom = { count: 1, error: refused };
  await expect(inThreads({ threads: 2 })).rejects.toBe(refused);
  expect(ended()).toEqual([true]);
});

test('all workers are ended after the work, also if there was none', async () => {
  const part: Behaviour = (thread) => {
    thread.emit('message', { part: started.indexOf(thread), digest: new Uint8Array(32) });
    thread.emit('message', 'done');
  };
  behaviours = [part, part];
  await inThreads({ threads: 2 });
  expect(ended()).toEqual([true, true]);
  const none = new Error('no work');
  await expect(withWorkers(task.blob, { threads: 2 }, () => Promise.reject(none))).rejects.toBe(none);
  expect(ended()).toEqual([true, true, true, true]);
});

test('a signal stops all workers, and prevents a start', async () => {
  const reason = new Error('enough');
  const stop = new AbortController();
  const stopped = inThreads({ threads: 2, signal: stop.signal });
  setImmediate(() => stop.abort(reason));
  await expect(stopped).rejects.toBe(reason);
  // This worker never ends by itself.
  behaviours = [() => undefined, () => undefined];
  await expect(inThreads({ threads: 2, signal: stop.signal })).rejects.toBe(reason);
});

test('no more workers are started than there are parts', async () => {
  await withWorkers(task.blob, { threads: 9 }, () => Promise.resolve());
  expect(started).toHaveLength(2);
});

test('a signal for many files accumulates no listeners', async () => {
  const { signal } = new AbortController();
  const digest = new Uint8Array(32);
  const part: Behaviour = (thread) => {
    thread.emit('message', { part: 0, digest });
    thread.emit('message', 'done');
  };
  behaviours = [part, part, part];
  for (let file = 0; file < 3; file++)
    await withWorkers(2 ** 22, { threads: 1, signal }, (work) => work({ ...task, blob: 2 ** 22 }));
  expect(getEventListeners(signal, 'abort')).toEqual([]);
});
