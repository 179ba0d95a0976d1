// Tests which storage origins and which headers a client accepts: a lying service must not make the client send bytes or requests anywhere else.
import { describe, expect, test } from '@jest/globals';
import fc from 'fast-check';
import { createContext } from '../../lib/client/session/context.ts';
import { createStorageCheck } from '../../lib/client/session/storage-origins.ts';
import { newClients, refusal } from './clients.ts';
import { granted, people, readAll, TEXT } from './main-job-story.ts';

const API = 'https://api.example.org';
const LOCAL_API = 'http://127.0.0.1:3000';
const BUCKET = 'https://pcehr-blobs-prod.s3.us-east-1.amazonaws.com';

const isAccepted = (url: string, api: string, origins?: readonly string[]): boolean => {
  const check = createStorageCheck(api, origins);
  try {
    return check(url) === url;
  } catch {
    return false;
  }
};

describe('a client that is not configured', () => {
  test.each([
    `${BUCKET}/b/record/upload?X-Amz-Signature=0`,
    'https://a.bucket.with.dots.s3.eu-central-2.amazonaws.com/b',
    `${BUCKET}:443/b`,
  ])('accepts %s', (url) => {
    expect(isAccepted(url, API)).toBe(true);
    expect(isAccepted(url, LOCAL_API)).toBe(true);
  });

  test.each([
    'http://pcehr-blobs-prod.s3.us-east-1.amazonaws.com/b',
    `${BUCKET}:8443/b`,
    'https://user@pcehr-blobs-prod.s3.us-east-1.amazonaws.com/b',
    'https://:secret@pcehr-blobs-prod.s3.us-east-1.amazonaws.com/b',
    'https://pcehr-blobs-prod.s3.us-east-1.amazonaws.com.example.org/b',
    'https://example.org/pcehr-blobs-prod.s3.us-east-1.amazonaws.com',
    'https://example.org?pcehr-blobs-prod.s3.us-east-1.amazonaws.com',
    'https://pcehr-blobs-prod.s3.us-east-1.amazonaws.com@example.org/',
    'https://pcehr-blobs-prod.s3.us-east-1.amazonaws.com.',
    'https://pcehr.s3.us.example.amazonaws.com/b',
    'https://s3.us-east-1.amazonaws.com/bucket/b',
    'https://sts.us-east-1.amazonaws.com/',
    'https://storage.example.org/b',
    'https://192.168.0.1/b',
    'http://169.254.169.254/latest/meta-data/',
    'http://example.org/b',
    'http://127.0.0.1.example.org/b',
    'http://localhost.example.org/b',
    'file:///etc/passwd',
    'data:text/plain,x',
    'ftp://127.0.0.1/b',
    'blob:https://pcehr-blobs-prod.s3.us-east-1.amazonaws.com/b',
    '/b',
    '',
  ])('refuses %s', (url) => {
    expect(isAccepted(url, API)).toBe(false);
    expect(isAccepted(url, LOCAL_API)).toBe(false);
  });

  test.each([
    'http://127.0.0.1:4566/b',
    'http://127.1.2.3/b',
    'http://localhost:9/b',
    'http://[::1]:1/b',
    'https://localhost/b',
  ])('accepts %s only for an API with an http address', (url) => {
    expect(isAccepted(url, LOCAL_API)).toBe(true);
    expect(isAccepted(url, API)).toBe(false);
  });
});

describe('a configured client', () => {
  const own = ['https://storage.example.org', 'http://127.0.0.1:4566'];

  test.each(['https://storage.example.org/b', 'https://storage.example.org:443/b', 'http://127.0.0.1:4566/x/y'])(
    'accepts %s',
    (url) => {
      expect(isAccepted(url, API, own)).toBe(true);
    },
  );

  test.each([
    `${BUCKET}/b`,
    'http://storage.example.org/b',
    'https://storage.example.org:444/b',
    'https://other.storage.example.org/b',
    'https://me@storage.example.org/b',
    'http://127.0.0.1:4567/b',
    'https://127.0.0.1:4566/b',
    'blob:https://storage.example.org/b',
  ])('refuses %s', (url) => {
    expect(isAccepted(url, LOCAL_API, own)).toBe(false);
  });

  test('with an empty list accepts nothing', () => {
    expect(isAccepted(`${BUCKET}/b`, API, [])).toBe(false);
  });

  test.each([
    'https://storage.example.org/',
    'https://storage.example.org/b',
    'blob:https://storage.example.org',
    'ftp://storage.example.org',
    'storage',
    '',
  ])('must not name %j, which is no origin of the web', async (origin) => {
    const { optionsOf } = newClients();
    expect(await refusal(() => createContext(optionsOf('patient', { storageOrigins: [origin] })))).toBe('bad-argument');
  });
});

test('no host but those of the list is accepted, whatever the URL', () => {
  fc.assert(
    fc.property(fc.webUrl({ withFragments: true, withQueryParameters: true }), (url) => {
      expect(isAccepted(url, API, ['https://storage.example.org'])).toBe(false);
    }),
  );
});

test('a refusal names the host and nothing else of the URL', () => {
  const check = createStorageCheck(API, undefined);
  expect(() => check('https://name:secret@evil.example.org:99/path?query#part')).toThrow(
    /^the service names a storage that storageOrigins does not have: evil\.example\.org:99$/,
  );
});

const ELSEWHERE = 'https://elsewhere.example.org';

describe('an upload', () => {
  const target = async (change: (part: { url: string; headers: Record<string, string> }) => object) => {
    const { patient, service, sent } = await people();
    const folder = await patient.createFolder({ name: 'Blood', category: 'laboratory' });
    service.state.lie = (route, a) =>
      route === 'upload-parts' ? { parts: a.parts.map((p: never) => ({ ...(p as object), ...change(p) })) } : undefined;
    const outcome = await refusal(() => patient.file(folder.id, TEXT, {}));
    const puts = sent.filter((s) => s.method === 'PUT' && !s.url.pathname.startsWith('/v1/'));
    return { outcome, puts };
  };

  test('sends nothing to another storage', async () => {
    const { outcome, puts } = await target(({ url }) => ({ url: url.replace(/^https:\/\/[^/]+/, ELSEWHERE) }));
    expect([outcome, puts.length]).toEqual(['bad-answer', 0]);
  });

  test.each([
    ['authorization', 'Bearer x'],
    ['cookie', 'a=b'],
    ['x-amz-acl', 'public-read'],
    ['x-amz-meta-name', 'x'],
    ['content-encoding', 'gzip'],
    ['content-length', '1'],
    ['Content-Length', '1'],
    ['host', 'elsewhere.example.org'],
    ['if-none-match', '"0"'],
    ['x-amz-checksum-sha256', `${'A'.repeat(43)}=`],
    ['__proto__x', '*'],
  ])('sends nothing with the header %s: %s', async (name, value) => {
    const { outcome, puts } = await target(({ headers }) => ({ headers: { ...headers, [name]: value } }));
    expect([outcome, puts.length]).toEqual(['bad-answer', 0]);
  });

  test('sends the headers of the list, in any case', async () => {
    const { outcome, puts } = await target(({ headers }) => ({
      headers: {
        'If-None-Match': '*',
        'Content-Length': headers['content-length'],
        'X-Amz-Checksum-Sha256': headers['x-amz-checksum-sha256'],
      },
    }));
    expect([outcome, puts.length]).toEqual(['accepted', 1]);
    expect([...puts[0]!.headers.keys()].sort()).toEqual(['if-none-match', 'x-amz-checksum-sha256']);
  });

  test('checks the target of a repeated part too', async () => {
    const { patient, service, sent } = await people();
    const folder = await patient.createFolder({ name: 'Blood', category: 'laboratory' });
    let asked = 0;
    service.state.storage = () => new Response('', { status: 503 });
    service.state.lie = (route, a) =>
      route === 'upload-parts' && asked++ > 0
        ? { parts: a.parts.map((p: object) => ({ ...p, url: `${ELSEWHERE}/b` })) }
        : undefined;
    expect(await refusal(() => patient.file(folder.id, TEXT, {}))).toBe('bad-answer');
    expect(sent.filter((s) => s.url.origin === ELSEWHERE)).toEqual([]);
  });
});

describe('a download', () => {
  const redirected = (a: { records: { download: object }[] }) => ({
    ...a,
    records: a.records.map((r) => ({ ...r, download: { ...r.download, url: `${ELSEWHERE}/b` } })),
  });

  test('asks no other storage', async () => {
    const { clinician, grant, record, service, sent } = await granted();
    service.state.lie = (route, a) => (route === 'recapsulate' ? redirected(a) : undefined);
    const [opened] = await clinician.open(grant, [record]);
    expect(await refusal(() => readAll(opened!.stream()))).toBe('bad-answer');
    expect(sent.filter((s) => s.url.origin === ELSEWHERE)).toEqual([]);
  });

  test('asks no other storage by a renewed URL', async () => {
    const { clinician, grant, record, service, sent } = await granted();
    const [opened] = await clinician.open(grant, [record]);
    service.state.lie = (route, a) => (route === 'recapsulate' ? redirected(a) : undefined);
    service.state.storage = () => new Response('', { status: 403 });
    expect(await refusal(() => readAll(opened!.stream()))).toBe('bad-answer');
    expect(sent.filter((s) => s.url.origin === ELSEWHERE)).toEqual([]);
  });
});
