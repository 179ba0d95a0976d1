// Presigned S3 URLs: makes and signs them. Every header that the client must send is signed as a header and not moved into the query, because S3 compares
// a header with the body, but not a query parameter.
import { SignatureV4 } from '@smithy/signature-v4';
import type { DynamoDBClient } from '@aws-sdk/client-dynamodb';
import { SECOND } from '../../domain/time.ts';

export interface Unsigned {
  readonly method: 'GET' | 'PUT';
  readonly key: string;
  readonly query: Readonly<Record<string, string>>;
  /** The headers, with names in lower case. All of them are signed. */
  readonly headers: Readonly<Record<string, string>>;
  /** How long the URL is valid, seconds. */
  readonly lives: number;
  /** The time of the signature, ms since 1970. */
  readonly now: number;
}

export type Presign = (request: Unsigned) => Promise<string>;

const escape = (text: string): string =>
  encodeURIComponent(text).replaceAll(/[!'()*]/g, (c) => `%${c.charCodeAt(0).toString(16).toUpperCase()}`);

type Query = NonNullable<Awaited<ReturnType<SignatureV4['presign']>>['query']>;

const queryText = (query: Query): string =>
  Object.entries(query)
    .map(([name, value]) => `${escape(name)}=${escape(typeof value === 'string' ? value : '')}`)
    .join('&');

interface Target {
  readonly origin: URL;
  readonly path: (key: string) => string;
}

/** The bucket is a part of the host on AWS, and of the path on a local AWS. */
const targetOf = (bucket: string, region: string, endpoint: string | undefined): Target =>
  endpoint === undefined
    ? { origin: new URL(`https://${bucket}.s3.${region}.amazonaws.com`), path: (key) => `/${key}` }
    : { origin: new URL(endpoint), path: (key) => `/${bucket}/${key}` };

/** @param client any AWS client, because region and credentials are the same for all services */
export const makePresign = (
  client: { readonly config: Pick<DynamoDBClient['config'], 'credentials' | 'region' | 'sha256'> },
  { bucket, endpoint }: { readonly bucket: string; readonly endpoint: string | undefined },
): Presign => {
  const { credentials, region, sha256 } = client.config;
  const signer = new SignatureV4({
    service: 's3',
    uriEscapePath: false,
    applyChecksum: false,
    credentials,
    region,
    sha256,
  });

  return async ({ method, key, query, headers, lives, now }) => {
    const { origin, path } = targetOf(bucket, await region(), endpoint);
    const names = new Set(Object.keys(headers));
    const signed = await signer.presign(
      {
        method,
        protocol: origin.protocol,
        hostname: origin.hostname,
        path: path(key),
        query: { ...query },
        headers: { host: origin.host, 'X-Amz-Content-Sha256': 'UNSIGNED-PAYLOAD', ...headers },
      },
      { expiresIn: lives, signingDate: new Date(now), unhoistableHeaders: names, signableHeaders: names },
    );
    return `${origin.origin}${signed.path}?${queryText(signed.query ?? {})}`;
  };
};

/** Returns the time when a URL signed at `now` expires, ms since 1970. AWS signing dates have whole seconds. @param lives seconds */
export const endOf = (now: number, lives: number): number => (Math.floor(now / SECOND) + lives) * SECOND;
