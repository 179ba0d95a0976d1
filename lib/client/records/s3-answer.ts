// Classifies S3's answer to a presigned PUT or GET, by the code in its error document, or by its status if there is no known code.
// docs/spec/uploads-and-downloads.md has the table.

/**
 * - `done`: the part is stored, or the download starts.
 * - `again`: the same request may succeed a little later.
 * - `renew`: the same request may succeed under a new URL.
 * - `final`: no retry helps.
 */
export type Verdict = 'done' | 'again' | 'renew' | 'final';

/** The verdict on each error code of S3: https://docs.aws.amazon.com/AmazonS3/latest/API/ErrorResponses.html */
export const VERDICTS: Readonly<Record<string, Verdict>> = {
  // The part is there already (If-None-Match), because an earlier try arrived and its answer was lost. At commit, the service compares what is stored with
  // what was signed.
  PreconditionFailed: 'done',
  // S3 is busy, or waited too long for bytes.
  Busy: 'again',
  ConditionalRequestConflict: 'again',
  InternalError: 'again',
  OperationAborted: 'again',
  RequestTimeout: 'again',
  ServiceUnavailable: 'again',
  SlowDown: 'again',
  Throttling: 'again',
  ThrottlingException: 'again',
  TooManyRequestsException: 'again',
  // Bytes were lost or changed on their way.
  BadDigest: 'again',
  IncompleteBody: 'again',
  XAmzContentSHA256Mismatch: 'again',
  // The URL or its credentials have expired, or S3 does not know the credentials yet. S3 answers "Request has expired" with the code AccessDenied.
  AccessDenied: 'renew',
  ExpiredToken: 'renew',
  InvalidAccessKeyId: 'renew',
  InvalidToken: 'renew',
  RequestExpired: 'renew',
  RequestTimeTooSkewed: 'renew',
  SignatureDoesNotMatch: 'renew',
  TokenRefreshRequired: 'renew',
  // The object does not exist, or S3 does not accept this request.
  EntityTooLarge: 'final',
  EntityTooSmall: 'final',
  InvalidArgument: 'final',
  InvalidDigest: 'final',
  InvalidObjectState: 'final',
  InvalidRequest: 'final',
  KeyTooLongError: 'final',
  MethodNotAllowed: 'final',
  MissingContentLength: 'final',
  NoSuchBucket: 'final',
  NoSuchKey: 'final',
  NoSuchUpload: 'final',
  NoSuchVersion: 'final',
  NotImplemented: 'final',
};

/** Classifies an answer that has no known code. It comes from an intermediate proxy, or its code is newer than this table. */
export const verdictOfStatus = (status: number): Verdict => {
  if ((status >= 200 && status < 300) || status === 412) return 'done';
  if (status === 403) return 'renew';
  return status >= 500 || status === 408 || status === 409 || status === 429 ? 'again' : 'final';
};

/** Maximum number of bytes of an error document that are read. */
export const MOST_READ = 8_192;

/** Finds the code in the first bytes of an error document of S3. */
export const codeIn = (text: string): string | undefined =>
  /^\s*(?:<\?xml[^<>]*\?>\s*)?<Error(?:\s[^<>]*)?>\s*<Code>([A-Za-z0-9]{1,64})<\/Code>/.exec(text)?.[1];

/** Reads the first bytes of the body as text and cancels the rest. If a read fails, it returns the text before the failure. */
const beginningOf = async (response: Response): Promise<string> => {
  const reader = response.body?.getReader();
  const decoder = new TextDecoder();
  let text = '';
  try {
    for (let left = MOST_READ; reader !== undefined && left > 0;) {
      const { done, value } = await reader.read();
      if (done) break;
      text += decoder.decode(value.subarray(0, left), { stream: true });
      left -= value.length;
    }
  } catch {
    // The caller classifies the answer by the bytes that arrived before the error.
  }
  await reader?.cancel().catch(() => undefined);
  return text;
};

/** Classifies an answer by its error document, or by its status, and cancels the rest of the body. */
export const verdictOf = async (response: Response): Promise<Verdict> => {
  const code = codeIn(await beginningOf(response));
  const known = code !== undefined && Object.hasOwn(VERDICTS, code) ? VERDICTS[code] : undefined;
  return known ?? verdictOfStatus(response.status);
};
