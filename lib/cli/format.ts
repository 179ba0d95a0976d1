// Formats values for people: names from others with their invisible characters shown, columns, times, sizes, durations and short ids. Pure.
import { usage } from './errors.ts';

/** Control characters, invisible characters, marks that change the direction of writing, and line separators. */
const INVISIBLE = /[\p{C}\p{Zl}\p{Zp}]/gu;

/**
 * Shows a text that somebody else chose. Every character that a terminal could obey or hide becomes an escape such as `\u{1b}`, so that a name cannot
 * move the cursor, reverse the line or imitate a second line.
 */
export const visible = (text: string): string =>
  text.replaceAll('\\', '\\\\').replaceAll(INVISIBLE, (c) => `\\u{${c.codePointAt(0)!.toString(16)}}`);

const unitEscapes = (text: string): string =>
  Array.from({ length: text.length }, (_, i) => `\\u${text.charCodeAt(i).toString(16).padStart(4, '0')}`).join('');

/** Encodes a value as one line of JSON in which invisible characters are escaped. A JSON parser reads the same value. */
export const jsonLine = (value: unknown): string => `${JSON.stringify(value).replaceAll(INVISIBLE, unitEscapes)}\n`;

const lengthOf = (text: string): number => Array.from(text).length;

/** Aligns the cells of rows in columns, two spaces apart. A column without any text is left out. */
export const columns = (rows: readonly (readonly string[])[]): readonly string[] => {
  const widths: number[] = [];
  for (const row of rows) row.forEach((text, i) => (widths[i] = Math.max(widths[i] ?? 0, lengthOf(text))));
  const padded = (text: string, i: number): string => text + ' '.repeat(widths[i]! - lengthOf(text));
  return rows.map((row) =>
    row
      .map(padded)
      .filter((_, i) => widths[i]! > 0)
      .join('  ')
      .trimEnd(),
  );
};

/** `2026-03-01 09:30 UTC` */
export const timeText = (ms: number): string => `${isoTime(ms).slice(0, 16).replace('T', ' ')} UTC`;

/** ISO 8601 in UTC, for JSON. */
export const isoTime = (ms: number): string => new Date(ms).toISOString();

/** `512 B`, `1.5 KB`, `3.2 MB`: powers of 1000. */
export const sizeText = (bytes: number): string => {
  const units = ['B', 'KB', 'MB', 'GB', 'TB'];
  const power = Math.min(units.length - 1, Math.floor(Math.log10(Math.max(1, bytes)) / 3));
  return `${power === 0 ? bytes : (bytes / 1000 ** power).toFixed(1)} ${units[power]!}`;
};

const UNITS = { m: 60, h: 3_600, d: 86_400, w: 604_800 } as const;

/** Reads a duration such as `30d`. @returns seconds @throws {CliError} `usage` */
export const readDuration = (text: string): number => {
  const [, count = '', unit = ''] = /^([1-9]\d{0,4})([mhdw])$/.exec(text) ?? [];
  if (count === '') throw usage(`'${visible(text)}' is no duration`, 'write 45m, 12h, 30d or 4w');
  return Number(count) * UNITS[unit as keyof typeof UNITS];
};

/** `30 days`, `12 hours`, `90 minutes` */
export const durationText = (seconds: number): string => {
  const [name, length] = (
    [
      ['day', UNITS.d],
      ['hour', UNITS.h],
      ['minute', UNITS.m],
      ['second', 1],
    ] as const
  ).find(([, unit]) => seconds % unit === 0)!;
  const count = seconds / length;
  return `${count} ${name}${count === 1 ? '' : 's'}`;
};

/** Reads a date (`2026-03-01`) or a time (`2026-03-01T09:00Z`). @returns milliseconds since 1970 @throws {CliError} `usage` */
export const readTime = (text: string): number => {
  const ms = /^\d{4}-\d\d-\d\d(T\d\d:\d\d(:\d\d)?Z)?$/.test(text) ? Date.parse(text) : Number.NaN;
  if (Number.isNaN(ms)) throw usage(`'${visible(text)}' is no time`, 'write 2026-03-01 or 2026-03-01T09:00Z, in UTC');
  return ms;
};

/** The first characters of an id: 8 of a random id, 12 of a person's. Commands take them in place of the whole id. */
export const shortId = (id: string): string => id.slice(0, id.startsWith('ehr1') ? 12 : 8);

export const plural = (count: number, one: string): string => `${count} ${one}${count === 1 ? '' : 's'}`;
