// Makes texts of other people safe to show. Authors can choose any characters: a control character starts an escape sequence of a terminal, a direction
// override shows `exe.gpj` as `jpg.exe`, and a line break adds a false line to a list.

const LINE_ENDS = /\r\n?|[\v\f\u0085\u2028\u2029]/gu;
/** Control characters except tab and line feed, halves of characters, noncharacters, direction overrides and isolates, and annotation marks. */
const HARMFUL = /[^\P{Cc}\t\n]|[\p{Cs}\p{Noncharacter_Code_Point}\u202A-\u202E\u2066-\u2069\uFFF9-\uFFFB]/gu;
/** Invisible characters. Joiners and variation selectors are not removed, because Persian, Indic scripts, emoji and Japanese names need them. */
const INVISIBLE = /(?![\p{Join_Control}\p{Variation_Selector}])\p{Default_Ignorable_Code_Point}/gu;

/** Returns a text of several lines that is safe to show: with U+FFFD for each harmful character, without invisible ones, and with `\n` as the only line end. */
export const displayLines = (text: string): string =>
  text.replaceAll(LINE_ENDS, '\n').replaceAll(HARMFUL, '\uFFFD').replaceAll(INVISIBLE, '');

/**
 * Returns a text of one line that is safe to show: like {@link displayLines}, and with one space for each run of white space. Hebrew or Arabic letters can
 * still change the order of the words beside the text, so put the text into a `bdi` element. The text is no HTML: set it as `textContent`. It can be empty.
 */
export const displayText = (text: string): string => displayLines(text).replaceAll(/\s+/gu, ' ').trim();
