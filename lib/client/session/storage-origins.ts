// Checks that a URL from the service leads to the configured storage, before the client sends bytes to it or fetches bytes from it.
import { ClientError } from './errors.ts';

/** Checks a URL and returns it. @throws {ClientError} `bad-answer`, which names only the host of the URL */
export type CheckStorageUrl = (url: string) => string;

/** The host name of a bucket, as in the URLs that the service signs: https://docs.aws.amazon.com/AmazonS3/latest/userguide/VirtualHosting.html */
const BUCKET_HOST = /^[a-z0-9][a-z0-9.-]{1,61}[a-z0-9]\.s3\.[a-z0-9-]+\.amazonaws\.com$/;
const LOOPBACK = /^(?:localhost|127(?:\.\d{1,3}){3}|\[::1\])$/;

/** Whether the URL is an http or https URL. An origin check alone is not enough: `blob:https://HOST` has the same origin as `https://HOST`. */
const isHttp = (url: URL): boolean => url.protocol === 'https:' || url.protocol === 'http:';

const assertOrigin = (text: string): string => {
  if (!URL.canParse(text) || !isHttp(new URL(text)) || new URL(text).origin !== text)
    throw new ClientError('bad-argument', 'a storage origin is https://HOST or https://HOST:PORT');
  return text;
};

/** Whether the URL leads to the default storage: a bucket of S3 or, if the API has an http address as in the local system, this machine. */
const isUsual = (url: URL, api: string): boolean =>
  (url.protocol === 'https:' && url.port === '' && BUCKET_HOST.test(url.hostname)) ||
  (LOOPBACK.test(url.hostname) && api.startsWith('http:'));

/**
 * Creates the check of storage URLs.
 * @param api the origin of the service
 * @param origins the configured storage; undefined for the default storage
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
