// Reads text that a person entered, or that went through a person's tools: editors, shells, clipboards, scanners. Do not use it for other text: statements
// and everything else that is signed are decoded strictly.
import { fromUtf8 } from './codec.ts';
import { BytesError } from './errors.ts';

/** White space, control characters (a scanner's GS, a file's CR and LF), and invisible ones (a byte order mark, a zero-width space). */
const INVISIBLE = /[\s\p{Cc}\p{Cf}]/u;

/** Returns the text without the white space, control characters and invisible characters around it. */
export const enteredText = (text: string): string => {
  let [start, end] = [0, text.length];
  while (start < end && INVISIBLE.test(text[start]!)) start++;
  while (end > start && INVISIBLE.test(text[end - 1]!)) end--;
  return text.slice(start, end);
};

/** Finds the encoding of a file by its byte order mark; if there is none, by its first character, which is ASCII in all files of this project. */
const encodingOf = ([first, second]: Uint8Array): 'utf-8' | 'utf-16le' | 'utf-16be' => {
  if ((first === 0xff && second === 0xfe) || (first !== 0 && second === 0)) return 'utf-16le';
  return (first === 0xfe && second === 0xff) || (first === 0 && second !== 0) ? 'utf-16be' : 'utf-8';
};

/**
 * Returns the text of a file in UTF-8 or UTF-16 (which Windows PowerShell writes), with a byte order mark or without one. The text must begin with an ASCII
 * character.
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
