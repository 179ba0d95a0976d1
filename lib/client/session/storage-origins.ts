// Checks that a URL of the service is one of the configured storage, before the client sends bytes to it or fetches bytes from it.
import { ClientError } from './errors.ts';

/** Checks a URL and returns it. @throws {ClientError} `bad-answer`, naming the host only */
export type CheckStorageUrl = (url: string) => string;

/** A bucket's own host, as the service signs URLs: https://docs.aws.amazon.com/AmazonS3/latest/userguide/VirtualHosting.html */
const BUCKET_HOST = /^[a-z0-9][a-z0-9.-]{1,61}[a-z0-9]\.s3\.[a-z0-9-]+\.amazonaws\.com$/;
const LOOPBACK = /^(?:localhost|127(?:\.\d{1,3}){3}|\[::1\])$/;

/** `blob:https://HOST` has the origin of the host too. */
const isHttp = (url: URL): boolean => url.protocol === 'https:' || url.protocol === 'http:';

const assertOrigin = (text: string): string => {
  if (!URL.canParse(text) || !isHttp(new URL(text)) || new URL(text).origin !== text)
    throw new ClientError('bad-argument', 'a storage origin is https://HOST or https://HOST:PORT');
  return text;
};

/** The storage of a client that is not configured: a bucket of S3. If the API has an http address, as the local system has, also this machine. */
const isUsual = (url: URL, api: string): boolean =>
  (url.protocol === 'https:' && url.port === '' && BUCKET_HOST.test(url.hostname)) ||
  (LOOPBACK.test(url.hostname) && api.startsWith('http:'));

/**
 * @param api the origin of the service
 * @param origins the configured storage
 * @throws {ClientError} `bad-argument` if one of `origins` is no origin
 */
export const createStorageCheck = (api: string, origins: readonly string[] | undefined): CheckStorageUrl => {
  const configured = origins === undefined ? undefined : new Set(origins.map(assertOrigin));
  const isOfStorage = (url: URL): boolean => configured?.has(url.origin) ?? isUsual(url, api);
  return (text) => {
    const url = URL.canParse(text) ? new URL(text) : undefined;
    const isPlain = url !== undefined && isHttp(url) && url.username === '' && url.password === '';
    if (!isPlain || !isOfStorage(url))
      throw new ClientError(
        'bad-answer',
        `the service names a storage that storageOrigins does not have: ${url?.host.slice(0, 255) ?? 'no URL'}`,
      );
    return text;
  };
};
