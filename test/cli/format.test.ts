// Tests the formats of the command line: texts of others, columns, times, sizes, durations.
import { describe, expect, test } from '@jest/globals';
import fc from 'fast-check';
import {
  columns,
  durationText,
  jsonLine,
  plural,
  readDuration,
  readTime,
  shortId,
  sizeText,
  timeText,
  visible,
} from '../../lib/cli/format.ts';

describe('texts that somebody else chose', () => {
  test.each([
    ['../.bashrc', '../.bashrc'],
    ['a\nb', 'a\\u{a}b'],
    ['\u001b[2J', '\\u{1b}[2J'],
    ['\u009b31m', '\\u{9b}31m'],
    ['cod\u202eexe', 'cod\\u{202e}exe'],
    ['zero\u200bwidth', 'zero\\u{200b}width'],
    ['\u2028', '\\u{2028}'],
    ['\ud800', '\\u{d800}'],
    ['C:\\u{1b}', 'C:\\\\u{1b}'],
    ['Größe 🩺 血', 'Größe 🩺 血'],
  ])('%j is shown as %j', (text, shown) => {
    expect(visible(text)).toBe(shown);
  });

  test('no two texts look the same, and none has a character that a terminal obeys', () => {
    const text = fc.string({
      unit: fc.oneof(
        fc.constantFrom('\\', 'u', '{', '}', '1', 'b', '\u001b'),
        fc.string({ unit: 'binary', minLength: 1, maxLength: 1 }),
      ),
    });
    fc.assert(
      fc.property(text, text, (a, b) => {
        expect(visible(a)).not.toMatch(/[\p{C}\p{Zl}\p{Zp}]/u);
        if (a !== b) expect(visible(a)).not.toBe(visible(b));
      }),
      { numRuns: 200 },
    );
  });

  test('a line of JSON has no such character either, and is the same value', () => {
    fc.assert(
      fc.property(fc.string({ unit: 'binary' }), (text) => {
        const line = jsonLine({ text });
        expect(line.slice(0, -1)).not.toMatch(/[\p{C}\p{Zl}\p{Zp}]/u);
        expect(JSON.parse(line)).toEqual({ text });
      }),
      { numRuns: 200 },
    );
  });
});

test('columns are aligned, and lines have no spaces at the end', () => {
  expect(
    columns([
      ['a', 'bb', 'c'],
      ['aaa', 'b', ''],
    ]),
  ).toEqual(['a    bb  c', 'aaa  b']);
  expect(columns([['a', '', 'c']])).toEqual(['a  c']);
});

test('sizes, times and ids', () => {
  expect([0, 999, 1_000, 1_500_000, 8e12].map(sizeText)).toEqual(['0 B', '999 B', '1.0 KB', '1.5 MB', '8.0 TB']);
  expect(timeText(Date.UTC(2026, 2, 1, 9, 5, 59))).toBe('2026-03-01 09:05 UTC');
  expect([shortId('gj73zl6jc3qypuo5ivauuyjx5i'), shortId(`ehr1${'q'.repeat(58)}`)]).toEqual([
    'gj73zl6j',
    'ehr1qqqqqqqq',
  ]);
  expect([plural(1, 'record'), plural(2, 'record')]).toEqual(['1 record', '2 records']);
});

test('durations', () => {
  expect(['45m', '12h', '30d', '4w'].map(readDuration)).toEqual([2_700, 43_200, 2_592_000, 2_419_200]);
  expect([2_700, 3_600, 2_592_000, 90].map(durationText)).toEqual(['45 minutes', '1 hour', '30 days', '90 seconds']);
  for (const wrong of ['', '30', '0d', '-1d', '1y', '1.5d', '999999d'])
    expect(() => readDuration(wrong)).toThrow('duration');
});

test('times of the user', () => {
  expect(readTime('2026-03-01')).toBe(Date.UTC(2026, 2, 1));
  expect(readTime('2026-03-01T09:30Z')).toBe(Date.UTC(2026, 2, 1, 9, 30));
  for (const wrong of ['', 'yesterday', '2026-13-01', '2026-03-01T09:30', '1.3.2026'])
    expect(() => readTime(wrong)).toThrow('time');
});
