// Tests downloadBlob: retries, renewed URLs, progress and abort.
import { describe, expect, test } from '@jest/globals';
import { downloadBlob, type DownloadOptions } from '../../lib/client/records/download.ts';
import { fill } from '../statements/samples.ts';
import { fakeFetch, inTurn, type Answering } from './prepared-answers.ts';
import { newClients, refusal } from './clients.ts';

const BLOB = fill(7, 100);
const good = () => new Response(BLOB as BodyInit);
const status = (n: number) => () => new Response('', { status: n });
const lost = (): Response => {
  throw new TypeError('fetch failed');
};

const setUp = (answering: Answering) => {
  const { fetch, sent } = fakeFetch(answering);
  const clients = newClients();
  const ctx = clients.contextOf('clinician', { fetch });
  let renewals = 0;
  const renew = () => Promise.resolve(`https://storage.example.org/new-${++renewals}`);
  const download = async (options: DownloadOptions = {}) =>
    new Uint8Array(
      await new Response(
        (await downloadBlob(ctx, { url: 'https://storage.example.org/old', renew }, options)) as BodyInit,
      ).arrayBuffer(),
    );
  return { download, sent, renewals: () => renewals, slept: clients.slept };
};

describe('downloadBlob', () => {
  test('returns the bytes and reports how many have arrived', async () => {
    const seen: number[] = [];
    const { download, sent } = setUp(good);
    await expect(download({ onProgress: ({ receivedBytes }) => seen.push(receivedBytes) })).resolves.toEqual(BLOB);
    expect(seen.at(-1)).toBe(100);
    expect(sent[0]!.init).toMatchObject({ credentials: 'omit', redirect: 'error' });
  });

  test('returns an empty stream for an empty body', async () => {
    await expect(setUp(() => new Response(null)).download()).resolves.toEqual(new Uint8Array(0));
  });

  test.each([
    ['no answer', lost],
    ['500', status(500)],
    ['503', status(503)],
    ['429', status(429)],
  ])('%s: sends the request again', async (_, first) => {
    const { download, sent, renewals } = setUp(inTurn(first, good));
    await expect(download()).resolves.toEqual(BLOB);
    expect(sent).toHaveLength(2);
    expect(renewals()).toBe(0);
  });

  test('renews an expired URL once', async () => {
    const expired = setUp(inTurn(status(403), good));
    await expect(expired.download()).resolves.toEqual(BLOB);
    expect(expired.sent.map((s) => s.url.pathname)).toEqual(['/old', '/new-1']);

    const refused = setUp(status(403));
    expect(await refusal(() => refused.download())).toBe('download-failed');
    expect(refused.renewals()).toBe(1);
    expect(refused.sent).toHaveLength(2);
  });

  const s3 = (n: number, code: string) => () => new Response(`<Error><Code>${code}</Code></Error>`, { status: n });

  test('sends the request again to the same URL after S3’s RequestTimeout', async () => {
    const { download, sent, renewals } = setUp(inTurn(s3(400, 'RequestTimeout'), good));
    await expect(download()).resolves.toEqual(BLOB);
    expect(sent).toHaveLength(2);
    expect(renewals()).toBe(0);
  });

  test.each(['ExpiredToken', 'TokenRefreshRequired'])('400 %s: renews the URL once', async (code) => {
    const { download, sent } = setUp(inTurn(s3(400, code), good));
    await expect(download()).resolves.toEqual(BLOB);
    expect(sent.map((s) => s.url.pathname)).toEqual(['/old', '/new-1']);
    const refused = setUp(s3(400, code));
    expect(await refusal(() => refused.download())).toBe('download-failed');
    expect(refused.sent).toHaveLength(2);
  });

  test('treats 412 as a failure, because a download has no precondition', async () => {
    const { download, sent } = setUp(s3(412, 'PreconditionFailed'));
    expect(await refusal(() => download())).toBe('download-failed');
    expect(sent).toHaveLength(1);
  });

  test('does not ask again for a missing blob', async () => {
    const { download, sent } = setUp(status(404));
    expect(await refusal(() => download())).toBe('download-failed');
    expect(sent).toHaveLength(1);
  });

  test('gives up after six tries', async () => {
    const { download, sent } = setUp(lost);
    expect(await refusal(() => download())).toBe('download-failed');
    expect(sent).toHaveLength(6);
  });

  test('after the last try it neither renews the URL nor waits', async () => {
    const { download, sent, renewals, slept } = setUp(inTurn(lost, lost, lost, lost, lost, status(403)));
    expect(await refusal(() => download())).toBe('download-failed');
    expect([sent.length, renewals(), slept.length]).toEqual([6, 0, 5]);
    const away = setUp(lost);
    expect(await refusal(() => away.download())).toBe('download-failed');
    expect(away.slept).toHaveLength(5);
  });

  test('aborting ends the download with the reason', async () => {
    const stop = new AbortController();
    const reason = new Error('enough');
    const { download } = setUp(() => {
      stop.abort(reason);
      throw reason;
    });
    await expect(download({ signal: stop.signal })).rejects.toBe(reason);
  });
});
