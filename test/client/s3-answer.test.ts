// Tests how the client judges an answer of S3: by the error codes that docs/spec/uploads-and-downloads.md lists.
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, test } from '@jest/globals';
import fc from 'fast-check';
import {
  codeIn,
  MOST_READ,
  verdictOf,
  verdictOfStatus,
  VERDICTS,
  type Verdict,
} from '../../lib/client/records/s3-answer.ts';

const document = (code: string): string =>
  `<?xml version="1.0" encoding="UTF-8"?>\n<Error><Code>${code}</Code><Message>...</Message><RequestId>1</RequestId></Error>`;
const answer = (status: number, code: string): Response => new Response(document(code), { status });

describe('a verdict', () => {
  test.each<[number, string, Verdict]>([
    [400, 'RequestTimeout', 'again'],
    [500, 'InternalError', 'again'],
    [503, 'SlowDown', 'again'],
    [503, 'ServiceUnavailable', 'again'],
    [409, 'OperationAborted', 'again'],
    [409, 'ConditionalRequestConflict', 'again'],
    [400, 'BadDigest', 'again'],
    [400, 'IncompleteBody', 'again'],
    [400, 'ExpiredToken', 'renew'],
    [400, 'InvalidToken', 'renew'],
    [400, 'TokenRefreshRequired', 'renew'],
    [403, 'AccessDenied', 'renew'],
    [403, 'RequestTimeTooSkewed', 'renew'],
    [403, 'SignatureDoesNotMatch', 'renew'],
    [412, 'PreconditionFailed', 'done'],
    [400, 'EntityTooLarge', 'final'],
    [403, 'InvalidObjectState', 'final'],
    [404, 'NoSuchKey', 'final'],
    [404, 'NoSuchUpload', 'final'],
    [501, 'NotImplemented', 'final'],
  ])('%i %s: %s', async (status, code, verdict) => {
    expect(await verdictOf(answer(status, code))).toBe(verdict);
  });

  test('depends on the error code, whatever the status', async () => {
    await fc.assert(
      fc.asyncProperty(
        fc.constantFrom(...Object.entries(VERDICTS)),
        fc.integer({ min: 400, max: 599 }),
        async ([code, verdict], status) => expect(await verdictOf(answer(status, code))).toBe(verdict),
      ),
    );
  });

  test('depends on the status if the error code is unknown or missing', async () => {
    const names = fc.constantFrom('', 'NewCode', 'toString', '__proto__', 'constructor');
    await fc.assert(
      fc.asyncProperty(names, fc.integer({ min: 400, max: 599 }), async (code, status) => {
        const verdict = verdictOfStatus(status);
        expect(await verdictOf(answer(status, code))).toBe(verdict);
        expect(await verdictOf(new Response(null, { status }))).toBe(verdict);
        expect(await verdictOf(new Response('<html>busy</html>', { status }))).toBe(verdict);
      }),
    );
    expect([400, 403, 404, 408, 409, 412, 429, 500, 503].map(verdictOfStatus)).toEqual([
      ...(['final', 'renew', 'final', 'again', 'again', 'done', 'again', 'again', 'again'] as const),
    ]);
    expect([200, 204, 299, 301].map(verdictOfStatus)).toEqual(['done', 'done', 'done', 'final']);
  });
});

test('docs/spec/uploads-and-downloads.md lists the codes', () => {
  const page = readFileSync(join(import.meta.dirname, '../../docs/spec/uploads-and-downloads.md'), 'utf8');
  const rows = [...page.matchAll(/^\| `(\w+)` \| ([\w, ]+) \|/gm)];
  const listed = rows.flatMap(([, verdict, codes]) => codes!.split(', ').map((code) => [code, verdict]));
  expect(Object.fromEntries(listed)).toEqual(VERDICTS);
});

describe('the error code', () => {
  test.each([
    [document('SlowDown')],
    ['<Error><Code>SlowDown</Code></Error>'],
    ['\ufeff<?xml version="1.0"?>\r\n<Error xmlns="http://s3.amazonaws.com/doc/2006-03-01/">\n  <Code>SlowDown</Code>'],
  ])('is read from %j', (text) => expect(codeIn(text)).toBe('SlowDown'));

  test.each([
    [''],
    ['SlowDown'],
    ['<Error><Message>&lt;Code&gt;SlowDown&lt;/Code&gt;</Message></Error>'],
    ['<html><Error><Code>SlowDown</Code></Error></html>'],
    ['<Errors><Code>SlowDown</Code></Errors>'],
    ['<Error><Code>Slow Down</Code></Error>'],
    [`<Error><Code>${'A'.repeat(65)}</Code></Error>`],
    ['<Error><Code>SlowDown'],
  ])('is undefined in %j', (text) => expect(codeIn(text)).toBeUndefined());
});

describe('the body of an answer', () => {
  /** Returns an answer whose body never ends, and a state that counts the bytes that were read from it. */
  const endless = (first: string) => {
    const state = { taken: 0, cancelled: false };
    const body = new ReadableStream<Uint8Array>(
      {
        pull: (controller) => {
          const piece = state.taken === 0 ? new TextEncoder().encode(first) : new Uint8Array(1_000).fill(32);
          state.taken += piece.length;
          controller.enqueue(piece);
        },
        cancel: () => {
          state.cancelled = true;
        },
      },
      { highWaterMark: 0 },
    );
    return { state, response: new Response(body, { status: 400 }) };
  };

  test('is read up to a limit, and then cancelled', async () => {
    const { state, response } = endless(document('SlowDown'));
    expect(await verdictOf(response)).toBe('again');
    expect(state.taken).toBeLessThan(MOST_READ + 1_000);
    expect(state.cancelled).toBe(true);
  });

  test('has no code if the code comes after the limit', async () => {
    const late = ' '.repeat(MOST_READ) + document('SlowDown');
    expect(await verdictOf(new Response(late, { status: 400 }))).toBe('final');
  });

  test('that breaks off is judged by the part that arrived', async () => {
    const breaking = (text: string) => {
      let given = false;
      const pull = (controller: ReadableStreamDefaultController<Uint8Array>): void => {
        if (given) controller.error(new TypeError('terminated'));
        else controller.enqueue(new TextEncoder().encode(text));
        given = true;
      };
      return new Response(new ReadableStream({ pull }, { highWaterMark: 0 }), { status: 400 });
    };
    expect(await verdictOf(breaking('<Error><Code>SlowDown</Code><Mess'))).toBe('again');
    expect(await verdictOf(breaking('<Error><Code>SlowD'))).toBe('final');
  });

  test('is read in pieces of one byte that cut characters', async () => {
    const bytes = new TextEncoder().encode('<Error><Code>RequestTimeout</Code><Message>é€</Message></Error>');
    const pieces = [...bytes].map((byte) => Uint8Array.of(byte));
    const body = new ReadableStream<Uint8Array>({
      start: (controller) => {
        for (const piece of pieces) controller.enqueue(piece);
        controller.close();
      },
    });
    expect(await verdictOf(new Response(body, { status: 400 }))).toBe('again');
  });
});
