// Reads text that a person entered, or that went through a person's tools: editors, shells, clipboards, scanners. Only for what a person hands in: statements and
// everything that is signed stay strict.
import { fromUtf8 } from './codec.ts';
import { BytesError } from './errors.ts';

/** White space, control characters (a scanner's GS, a file's CR and LF), and invisible ones (a byte order mark, a zero-width space). */
const INVISIBLE = /[\s\p{Cc}\p{Cf}]/u;

/** The text without white space, control characters and invisible characters around it. */
export const enteredText = (text: string): string => {
  let [start, end] = [0, text.length];
  while (start < end && INVISIBLE.test(text[start]!)) start++;
  while (end > start && INVISIBLE.test(text[end - 1]!)) end--;
  return text.slice(start, end);
};

/** By its byte order mark; without one by its first letter, which is one of ASCII in all files of ours. */
const encodingOf = ([first, second]: Uint8Array): 'utf-8' | 'utf-16le' | 'utf-16be' => {
  if ((first === 0xff && second === 0xfe) || (first !== 0 && second === 0)) return 'utf-16le';
  return (first === 0xfe && second === 0xff) || (first === 0 && second !== 0) ? 'utf-16be' : 'utf-8';
};

/**
 * The text in a file that begins with a letter of ASCII: UTF-8 or UTF-16, with a byte order mark or without one. Windows PowerShell writes UTF-16.
 * @throws {BytesError} `bad-encoding`
 */
export const enteredFile = (bytes: Uint8Array): string => {
  const encoding = encodingOf(bytes);
  if (encoding === 'utf-8') return enteredText(fromUtf8(bytes, 'text'));
  try {
    return enteredText(new TextDecoder(encoding, { fatal: true }).decode(bytes));
  } catch {
    throw new BytesError('bad-encoding', 'text is not UTF-16');
  }
};
