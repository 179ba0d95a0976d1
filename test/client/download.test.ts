import { describe, expect, test } from '@jest/globals';
import { downloadBlob, type DownloadOptions } from '../../lib/client/records/download.ts';
import { fill } from '../statements/samples.ts';
import { fakeFetch, inTurn, type Answering } from './prepared-answers.ts';
import { newWorld, refusal } from './clients.ts';

const BLOB = fill(7, 100);
const good = () => new Response(BLOB as BodyInit);
const status = (n: number) => () => new Response('', { status: n });
const lost = (): Response => {
  throw new TypeError('fetch failed');
};

const setUp = (answering: Answering) => {
  const { fetch, sent } = fakeFetch(answering);
  const world = newWorld();
  const ctx = world.contextOf('clinician', { fetch });
  let renewals = 0;
  const renew = () => Promise.resolve(`https://storage.example.org/new-${++renewals}`);
  const get = async (options: DownloadOptions = {}) =>
    new Uint8Array(
      await new Response(
        (await downloadBlob(ctx, { url: 'https://storage.example.org/old', renew }, options)) as BodyInit,
      ).arrayBuffer(),
    );
  return { get, sent, renewals: () => renewals };
};

describe('downloadBlob', () => {
  test('gives the bytes, and says how many came', async () => {
    const seen: number[] = [];
    const { get, sent } = setUp(good);
    await expect(get({ onProgress: ({ receivedBytes }) => seen.push(receivedBytes) })).resolves.toEqual(BLOB);
    expect(seen.at(-1)).toBe(100);
    expect(sent[0]!.init).toMatchObject({ credentials: 'omit', redirect: 'error' });
  });

  test('an empty body is an empty stream', async () => {
    await expect(setUp(() => new Response(null)).get()).resolves.toEqual(new Uint8Array(0));
  });

  test.each([
    ['no answer', lost],
    ['500', status(500)],
    ['503', status(503)],
    ['429', status(429)],
  ])('%s: asks again', async (_, first) => {
    const { get, sent, renewals } = setUp(inTurn(first, good));
    await expect(get()).resolves.toEqual(BLOB);
    expect(sent).toHaveLength(2);
    expect(renewals()).toBe(0);
  });

  test('an expired URL is renewed, once', async () => {
    const expired = setUp(inTurn(status(403), good));
    await expect(expired.get()).resolves.toEqual(BLOB);
    expect(expired.sent.map((s) => s.url.pathname)).toEqual(['/old', '/new-1']);

    const refused = setUp(status(403));
    expect(await refusal(() => refused.get())).toBe('download-failed');
    expect(refused.renewals()).toBe(1);
    expect(refused.sent).toHaveLength(2);
  });

  const s3 = (n: number, code: string) => () => new Response(`<Error><Code>${code}</Code></Error>`, { status: n });

  test('S3 waited too long: asks again by the same URL', async () => {
    const { get, sent, renewals } = setUp(inTurn(s3(400, 'RequestTimeout'), good));
    await expect(get()).resolves.toEqual(BLOB);
    expect(sent).toHaveLength(2);
    expect(renewals()).toBe(0);
  });

  test.each(['ExpiredToken', 'TokenRefreshRequired'])('400 %s: by a new URL, once', async (code) => {
    const { get, sent } = setUp(inTurn(s3(400, code), good));
    await expect(get()).resolves.toEqual(BLOB);
    expect(sent.map((s) => s.url.pathname)).toEqual(['/old', '/new-1']);
    const refused = setUp(s3(400, code));
    expect(await refusal(() => refused.get())).toBe('download-failed');
    expect(refused.sent).toHaveLength(2);
  });

  test('a precondition that nobody asked for is no blob', async () => {
    const { get, sent } = setUp(s3(412, 'PreconditionFailed'));
    expect(await refusal(() => get())).toBe('download-failed');
    expect(sent).toHaveLength(1);
  });

  test('a blob that is not there is not asked for again', async () => {
    const { get, sent } = setUp(status(404));
    expect(await refusal(() => get())).toBe('download-failed');
    expect(sent).toHaveLength(1);
  });

  test('gives up after so many tries', async () => {
    const { get, sent } = setUp(lost);
    expect(await refusal(() => get())).toBe('download-failed');
    expect(sent).toHaveLength(6);
  });

  test('aborting ends it with the reason', async () => {
    const stop = new AbortController();
    const reason = new Error('enough');
    const { get } = setUp(() => {
      stop.abort(reason);
      throw reason;
    });
    await expect(get({ signal: stop.signal })).rejects.toBe(reason);
  });
});
