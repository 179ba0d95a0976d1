// How workers are started, run and ended, with workers that do nothing else.
import { EventEmitter, getEventListeners } from 'node:events';
import { beforeEach, expect, jest, test } from '@jest/globals';
import type { Work } from '../../lib/files/worker.ts';
import type { Outcome } from '../../lib/files/run-workers.ts';

type Behaviour = (thread: Idle) => void;

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
      else this.emit('message', 'done');
    };
    const behave = behaviours[started.indexOf(this)] ?? wait;
    // What was ended hears of nothing.
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
/** Whether each was ended. */
const ended = () => started.map(({ terminated }) => terminated);
beforeEach(() => {
  started = [];
  behaviours = [];
  refuseFrom = { count: Infinity, error: new Error() };
});

test('one that ends without a word does not pass for one that had nothing to do', async () => {
  const end: Behaviour = (thread) => thread.emit('exit', 0);
  behaviours = [end, end];
  await expect(inThreads({ threads: 2 })).rejects.toThrow('ended before');
  const wait: Behaviour = (thread) => thread.emit('message', 'done');
  started = [];
  behaviours = [wait, wait];
  await expect(inThreads({ threads: 2 })).rejects.toThrow('ended before');
});

test('one that told of all its parts, and ended before it said that it is done, may not have written them', async () => {
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

test('the first of several faults is told, whoever comes first', async () => {
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

test('one that fails stops the others, and its failure is told when all have stopped', async () => {
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

test('one that failed before there was work', async () => {
  const failure = new Error('out of memory');
  const result = withWorkers(task.blob, { threads: 2 }, async (work) => {
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
  expect(ended()).toEqual([true]);
});

test('all end when the work is done, and when there was none', async () => {
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
  await withWorkers(task.blob, { threads: 9 }, () => Promise.resolve());
  expect(started).toHaveLength(2);
});

test('a signal for many files gathers no listeners', async () => {
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
