// Checks the target that the service gives for a part: the URL must be of the configured storage, and the headers must be those of this part and no others.
import { base64 } from '@scure/base';
import type { Context } from '../session/context.ts';
import { ClientError } from '../session/errors.ts';

export interface Target {
  readonly url: string;
  readonly headers: Readonly<Record<string, string>>;
}

interface Part {
  readonly bytes: Uint8Array;
  /** SHA-256 of the bytes. */
  readonly sha256: Uint8Array;
}

/** Returns all headers that a target may have, with the only value that each may have. The names are in lower case. */
const headersOf = ({ bytes, sha256 }: Part): ReadonlyMap<string, string> =>
  new Map([
    ['content-length', `${bytes.length}`],
    ['x-amz-checksum-sha256', base64.encode(sha256)],
    ['if-none-match', '*'],
  ]);

/**
 * Checks a target.
 * @returns the target without the header of the length, because fetch sets this header itself
 * @throws {ClientError} `bad-answer`
 */
export const checkTarget = (ctx: Context, part: Part, { url, headers }: Target): Target => {
  const known = headersOf(part);
  const named = Object.entries(headers).map(([name, value]) => [name.toLowerCase(), value] as const);
  if (named.some(([name, value]) => known.get(name) !== value))
    throw new ClientError('bad-answer', 'the service asks for a header that a part of this upload does not have');
  const sent = named.filter(([name]) => name !== 'content-length');
  return { url: ctx.checkStorageUrl(url), headers: Object.fromEntries(sent) };
};
