// How threads are ended, with threads that do nothing else.
import { EventEmitter } from 'node:events';
import { beforeEach, expect, jest, test } from '@jest/globals';
import type { Work } from '../../lib/files/thread.ts';

/** What each thread in turn does at once; then it waits to be ended, as if it had a part in hand. */
let behaviours: readonly ((thread: EventEmitter) => void)[] = [];
let started = 0;
/** From which one on none may be started. */
let refuseFrom = { count: Infinity, error: new Error() };

class Waiting extends EventEmitter {
  constructor(_: string, { workerData: { next, blob, part } }: { readonly workerData: Work }) {
    super();
    if (started >= refuseFrom.count) throw refuseFrom.error;
    const behave = behaviours[started++];
    const wait = (): void => {
      if (Atomics.load(next, 0) < Math.ceil(blob / part)) setImmediate(wait);
      else this.emit('exit', 0);
    };
    setImmediate(() => (behave === undefined ? wait() : behave(this)));
  }
}
jest.unstable_mockModule('node:worker_threads', () => ({ Worker: Waiting }));
const { inThreads } = await import('../../lib/files/threads.ts');

const work = { job: 'seal', from: 0, to: 0, key: undefined as never, plain: 0, chunk: 65_536, blob: 2 ** 24 } as const;
beforeEach(() => {
  started = 0;
  behaviours = [];
  refuseFrom = { count: Infinity, error: new Error() };
});

test('one that ends without a word does not pass for one that had nothing to do', async () => {
  const end = (thread: EventEmitter) => thread.emit('exit', 0);
  behaviours = [end, end];
  await expect(inThreads(work, { threads: 2 })).rejects.toThrow('ended before');
});

test('two that sealed one chunk, and found other bytes in it, are told of', async () => {
  const [a, b] = [new Uint8Array(16).fill(1), new Uint8Array(16).fill(2)];
  const digest = new Uint8Array(32);
  const outcome = (goesOn: Uint8Array | undefined, begun: Uint8Array | undefined) => {
    started = 0;
    behaviours = [
      (thread) => {
        thread.emit('message', { part: 1, digest, begun });
        thread.emit('message', { part: 0, digest, goesOn });
        thread.emit('exit', 0);
      },
    ];
    return inThreads(work, { threads: 1 });
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

test('one that fails ends the others, and its failure is told when all have ended', async () => {
  const failure = new Error('out of memory');
  behaviours = [(thread) => void (thread.emit('error', failure), thread.emit('exit', 1))];
  await expect(inThreads(work, { threads: 2 })).rejects.toBe(failure);
  expect(started).toBe(2);
});

test('one that cannot be started ends those that were', async () => {
  const refused = new Error('not allowed');
  refuseFrom = { count: 1, error: refused };
  await expect(inThreads(work, { threads: 2 })).rejects.toBe(refused);
});

test('a signal ends all, and keeps any from being started', async () => {
  const reason = new Error('enough');
  const stop = new AbortController();
  const ended = inThreads(work, { threads: 2, signal: stop.signal });
  setImmediate(() => stop.abort(reason));
  await expect(ended).rejects.toBe(reason);
  expect(started).toBe(2);
  await expect(inThreads(work, { threads: 2, signal: stop.signal })).rejects.toBe(reason);
  expect(started).toBe(2);
});

test('no more are started than there are parts', async () => {
  const end = (thread: EventEmitter) => thread.emit('exit', 0);
  behaviours = [end, end, end];
  await expect(inThreads(work, { threads: 9 })).rejects.toThrow('ended before');
  expect(started).toBe(2);
});
