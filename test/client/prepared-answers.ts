// Test doubles for the client: a fetch with prepared answers, and a clock that only sleeping moves.
import type { Rng } from '../../lib/bytes/binary.ts';

export interface Sent {
  readonly method: string;
  readonly url: URL;
  readonly headers: Headers;
  readonly body: Uint8Array;
  readonly init: RequestInit;
}
export type Answering = (sent: Sent, n: number) => Response | Promise<Response>;

export const json = (status: number, body: unknown, headers: Record<string, string> = {}): Response =>
  new Response(JSON.stringify(body), { status, headers: { 'content-type': 'application/json', ...headers } });

export const problem = (status: number, code: string, rest: object = {}, headers: Record<string, string> = {}) =>
  json(status, { type: `urn:x:${code}`, title: code, status, code, requestId: 'req-1', ...rest }, headers);

const bytesOf = async (body: RequestInit['body']): Promise<Uint8Array> =>
  body === undefined || body === null ? new Uint8Array(0) : new Uint8Array(await new Response(body).arrayBuffer());

/** Returns a fetch that answers with the result of `answering`, and the list of sent requests. */
export const fakeFetch = (answering: Answering) => {
  const sent: Sent[] = [];
  const fetch = async (input: string | URL | Request, init: RequestInit = {}): Promise<Response> => {
    const one: Sent = {
      method: init.method ?? 'GET',
      url: new URL(input instanceof Request ? input.url : input),
      headers: new Headers(init.headers),
      body: await bytesOf(init.body),
      init,
    };
    sent.push(one);
    return answering(one, sent.length - 1);
  };
  return { fetch, sent };
};

/** Gives these answers one after the other, and then repeats the last one. Each function makes a new answer or throws. */
export const inTurn =
  (...answers: readonly (() => Response)[]): Answering =>
  (_, n) =>
    answers[Math.min(n, answers.length - 1)]!();

/** Random bytes 0xff, which give the longest wait between tries. */
export const mostRng: Rng = (n) => new Uint8Array(n).fill(0xff);

/** Returns a timer whose time limits end only when the test says so, and the limits that were set, in milliseconds. */
export const manualTimer = () => {
  const limits: number[] = [];
  const running = new Set<() => void>();
  return {
    limits,
    running: () => running.size,
    /** Ends every limit that is running. */
    pass: () => {
      for (const run of running) run();
    },
    timer: (ms: number, run: () => void) => {
      limits.push(ms);
      running.add(run);
      return () => void running.delete(run);
    },
  };
};

/** Returns a clock that only its `sleep` moves. */
export const manualClock = (start = 1_767_225_600_000) => {
  const slept: number[] = [];
  const state = { now: start };
  return {
    slept,
    clock: () => state.now,
    sleep: async (ms: number, signal?: AbortSignal) => {
      signal?.throwIfAborted();
      slept.push(ms);
      state.now += ms;
    },
  };
};
