// Reads the JSON of an answer as a stream, within limits that also bound the memory that its objects use. docs/spec/http.md has the limits.
import { ClientError } from './errors.ts';

/** Maximum number of bytes of an answer, after decompression. A Lambda function answers with at most 6 MB. */
export const MOST_ANSWER_BYTES = 3_500_000;
/** Maximum number of bytes of an answer that is a refusal. */
export const MOST_PROBLEM_BYTES = 65_536;
/** Maximum depth of objects and arrays. The OpenAPI document is the deepest answer. It has depth 12. */
export const MOST_DEPTH = 32;
/** Maximum number of values. An empty array takes 2 bytes as text and 56 in memory, so a limit on bytes alone does not bound memory. */
export const MOST_VALUES = 20_000;

const [QUOTE, BACKSLASH, COMMA] = [0x22, 0x5c, 0x2c];
const [OPEN_ARRAY, CLOSE_ARRAY, OPEN_OBJECT, CLOSE_OBJECT] = [0x5b, 0x5d, 0x7b, 0x7d];

const tooLarge = (limit: string): ClientError =>
  new ClientError('bad-answer', `the answer of the service has more than ${limit}`);

/** Returns a function that counts depth and values of JSON, chunk by chunk, before the JSON is parsed. @throws {ClientError} `bad-answer` */
const jsonCounter = (): ((bytes: Uint8Array) => void) => {
  let [depth, values] = [0, 1];
  let [inString, escaped] = [false, false];
  return (bytes) => {
    for (const byte of bytes) {
      if (escaped) escaped = false;
      else if (inString) {
        if (byte === QUOTE) inString = false;
        else if (byte === BACKSLASH) escaped = true;
      } else if (byte === QUOTE) inString = true;
      else if (byte === OPEN_ARRAY || byte === OPEN_OBJECT) {
        depth += 1;
        values += 1;
      } else if (byte === CLOSE_ARRAY || byte === CLOSE_OBJECT) depth -= 1;
      else if (byte === COMMA) values += 1;
      if (depth > MOST_DEPTH) throw tooLarge(`${MOST_DEPTH} levels`);
      if (values > MOST_VALUES) throw tooLarge(`${MOST_VALUES} values`);
    }
  };
};

/** Reads the body as text. If the body exceeds a limit, cancels the rest. */
const readText = async (response: Response, mostBytes: number): Promise<string> => {
  const reader = response.body?.getReader();
  if (reader === undefined) return '';
  const count = jsonCounter();
  const decoder = new TextDecoder();
  const pieces: string[] = [];
  let read = 0;
  try {
    for (;;) {
      const { done, value } = await reader.read();
      if (done) break;
      read += value.length;
      if (read > mostBytes) throw tooLarge(`${mostBytes} bytes`);
      count(value);
      pieces.push(decoder.decode(value, { stream: true }));
    }
  } catch (error) {
    // The client does not wait for the cancellation, because a transport that is stuck may never confirm it.
    reader.cancel(error).catch(() => undefined);
    throw error;
  }
  pieces.push(decoder.decode());
  return pieces.join('');
};

const parseJson = (text: string): unknown => {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
};

/**
 * Reads the JSON of an answer. The client does not ask again after an answer that is too large, because the next one would be as large.
 * @returns undefined if the body is not JSON
 * @throws {ClientError} `bad-answer` for more bytes, levels or values than the limits; if the connection breaks, its error
 */
export const readJson = async (response: Response): Promise<unknown> =>
  parseJson(await readText(response, response.ok ? MOST_ANSWER_BYTES : MOST_PROBLEM_BYTES));
