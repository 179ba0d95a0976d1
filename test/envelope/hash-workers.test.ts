// Tests the code of the hash workers on the main thread: each answer has the digest of the bytes in its request, whatever the order of the requests.
import { createHash, webcrypto } from 'node:crypto';
import { EventEmitter } from 'node:events';
import { expect, test } from '@jest/globals';
import fc from 'fast-check';
import * as nodeWorker from '../../lib/envelope/hash-worker-node.ts';
import * as webWorker from '../../lib/envelope/hash-worker-web.ts';
import { patterned } from './sample-blobs.ts';

const sha256 = (bytes: Uint8Array): Uint8Array => new Uint8Array(createHash('sha256').update(bytes).digest());

/** Sends these requests to Node's worker, and returns its answers. */
const askNode = (requests: readonly nodeWorker.HashRequest[]): readonly nodeWorker.HashAnswer[] => {
  const answers: nodeWorker.HashAnswer[] = [];
  const parentPort = Object.assign(new EventEmitter(), {
    postMessage: (answer: nodeWorker.HashAnswer) => answers.push(answer),
  });
  const builtins: Readonly<Record<string, unknown>> = { crypto: { createHash }, worker_threads: { parentPort } };
  nodeWorker.runWorker({ process: { getBuiltinModule: ((name: string) => builtins[name]) as never } });
  for (const request of requests) parentPort.emit('message', request);
  return answers;
};

test('the Node worker returns the digest of a part at its cut, and that of the rest on request', () => {
  fc.assert(
    fc.property(fc.nat(300), fc.nat(300), fc.nat(300), (length, cut, rest) => {
      const [first, second] = [patterned(length + cut), patterned(rest)];
      const buffer = new Uint8Array([...first, 9, 9]).buffer;
      const answers = askNode([
        { buffer, length: length + cut, cut: length },
        { buffer: second.slice().buffer, length: rest },
        {},
        {},
      ]);
      expect(answers.map(({ digest }) => digest && new Uint8Array(digest))).toEqual([
        sha256(first.subarray(0, length)),
        undefined,
        sha256(new Uint8Array([...first.subarray(length), ...second])),
        sha256(new Uint8Array(0)),
      ]);
      expect(answers[0]!.buffer).toBe(buffer);
    }),
  );
});

test('the Web Worker posts that it is ready, and returns each part with its digest', async () => {
  const sent: unknown[] = [];
  const scope = {
    onmessage: undefined as unknown,
    crypto: webcrypto,
    postMessage: (message: unknown) => void sent.push(message),
  };
  webWorker.runWorker(scope);
  const part = patterned(1000);
  const take = scope.onmessage as (event: object) => Promise<void>;
  await take({ data: part });
  expect(sent).toEqual(['ready', { part, digest: sha256(part).buffer }]);
});

test('the Web Worker returns a part without a digest if there is no WebCrypto', async () => {
  const sent: unknown[] = [];
  const scope = {
    onmessage: undefined as unknown,
    crypto: {},
    postMessage: (message: unknown) => void sent.push(message),
  };
  webWorker.runWorker(scope);
  const part = patterned(10);
  await (scope.onmessage as (event: object) => Promise<void>)({ data: part });
  expect(sent).toEqual(['ready', { part, digest: undefined }]);
});
