// Adds checks of S3 that the local AWS lacks: a PUT to a presigned URL must have no unsigned header that S3 requires to be signed, and a part must have a
// checksum.
const mustBeSigned = (name: string): boolean => name.startsWith('x-amz-') || name === 'if-none-match';

const refusal = (status: number, code: string, message: string): Response =>
  new Response(`<Error><Code>${code}</Code><Message>${message}</Message></Error>`, {
    status,
    headers: { 'content-type': 'application/xml' },
  });

const refused = ({ method, url, headers }: Request): Response | undefined => {
  if (method !== 'PUT') return undefined;
  const query = new URL(url).searchParams;
  const signed = (query.get('X-Amz-SignedHeaders') ?? '').split(';');
  const unsigned = [...headers.keys()].filter((name) => mustBeSigned(name) && !signed.includes(name));
  if (unsigned.length > 0) return refusal(403, 'AccessDenied', `not signed: ${unsigned.join(', ')}`);
  if (query.has('uploadId') && !headers.has('x-amz-checksum-sha256'))
    return refusal(400, 'InvalidRequest', 'a part of this upload must have its checksum');
  return undefined;
};

/** A `fetch` for the storage that checks a PUT as strictly as S3 does. */
export const storageFetch: typeof fetch = async (input, init) =>
  refused(new Request(input, init)) ?? fetch(input, init);
