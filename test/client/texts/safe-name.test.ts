// Tests safe file names: examples of each rule, and properties over hostile texts.
import { describe, expect, test } from '@jest/globals';
import fc from 'fast-check';
import { safeName, uniqueNames } from '../../../lib/client/index.ts';
import { cases, fixedSeed } from '../../support/case-counts.ts';

/** Pieces of which hostile names are made: each rule of {@link safeName} has some. */
const PIECES = [
  ...[
    '..',
    '.',
    '-',
    '_',
    ' ',
    '/',
    '\\',
    ':',
    '~1',
    '"',
    '|',
    '\0',
    '\n',
    '\r',
    '\t',
    '\u001b[31m',
    '\u0085',
    '\u009b',
  ],
  ...[
    '\u202e',
    '\u2066',
    '\u200f',
    '\u200d',
    '\ufeff',
    '\u00ad',
    '\u034f',
    '\u3164',
    '\u{e0041}',
    '\ud800',
    '\udc00',
    '\uffff',
    '\ufffe',
  ],
  ...[
    'con',
    'NUL',
    'aux.',
    'COM¹',
    'lpt9',
    'conout$',
    'report',
    '.pdf',
    '.tar.gz',
    'é',
    'e\u0301',
    '\u0301',
    'ﬁ',
    'ß',
    'ẞ',
    'ſ',
    'K',
    'Σ',
    'ς',
    'İ',
    'ı',
  ],
  ...[
    '／',
    '．',
    '＼',
    '‥',
    '℀',
    '⁄',
    '∕',
    '\uf03a',
    '\u2000',
    '\u3000',
    '한글',
    '\u1112\u1161\u11ab',
    '👨\u200d👩\u200d👧',
    'x'.repeat(139),
    '名'.repeat(50),
  ],
];
const hostile = fc.oneof(
  fc
    .array(fc.oneof(fc.constantFrom(...PIECES), fc.string({ unit: 'binary', maxLength: 3 })), { maxLength: 12 })
    .map((p) => p.join('')),
  fc.string({ unit: 'binary', maxLength: 400 }),
);
const options = { ...cases(4_000), seed: fixedSeed };

describe('safeName', () => {
  test.each([
    ['blood count, Nov. 2025.pdf', 'blood count, Nov. 2025.pdf'],
    ['Befund Müller (2).pdf', 'Befund Müller (2).pdf'],
    ['../.bashrc', '_bashrc'],
    ['/etc/passwd', '_etc_passwd'],
    ['C:\\Windows\\x.dll', 'C__Windows_x.dll'],
    ['..', '_'],
    ['.ssh', '_ssh'],
    ['-rf', '_rf'],
    ['a/../b', 'a_.._b'],
    ['scan.dcm:stream', 'scan.dcm_stream'],
    ['PROGRA~1', 'PROGRA_1'],
    ['name. . ', 'name'],
    ['  two   spaces ', 'two spaces'],
    ['two\nlines', 'two lines'],
    ['\u001b]0;title\u0007.txt', '_]0;title_.txt'],
    ['\u202egpj.exe', 'gpj.exe'],
    ['in\u200bvisible\ufeff', 'invisible'],
    ['half \ud800', 'half _'],
    ['e\u0301.txt', 'é.txt'],
    ['a／b', 'a_b'],
    ['CON', '_CON'],
    ['nul.tar.gz', '_nul.tar.gz'],
    ['Aux .txt', '_Aux .txt'],
    ['com¹.txt', '_com¹.txt'],
    ['CONOUT$', '_CONOUT$'],
    ['console.log', 'console.log'],
    ['', 'unnamed'],
    [undefined, 'unnamed'],
    ['\u202e \u200b', 'unnamed'],
  ])('%j becomes %j', (claimed, expected) => {
    expect(safeName(claimed)).toBe(expected);
  });

  test('shortens a long name to 140 bytes of whole characters, before its extension', () => {
    expect(safeName(`${'x'.repeat(300)}.dcm`)).toBe(`${'x'.repeat(136)}.dcm`);
    expect(safeName('名'.repeat(100))).toBe('名'.repeat(46));
    expect(safeName(`a.${'x'.repeat(300)}`)).toBe(`a.${'x'.repeat(138)}`);
    expect(safeName(`${'x'.repeat(139)}. y`)).toBe('x'.repeat(139));
  });

  test('makes a fallback safe too, and never returns an empty name', () => {
    expect(safeName('', '../x')).toBe('_x');
    expect(safeName('', '')).toBe('unnamed');
  });

  test('is one portable path component, and itself safe', () => {
    fc.assert(
      fc.property(hostile, (claimed) => {
        const name = safeName(claimed);
        expect(name).not.toMatch(
          /[/\\:*?"<>|~\p{Cc}\p{Cs}\p{Co}\p{Noncharacter_Code_Point}\p{Zl}\p{Zp}\p{Default_Ignorable_Code_Point}]/u,
        );
        expect(name).toMatch(/^[^ .-]/u);
        expect(name).toMatch(/[^ .]$/u);
        expect(name).not.toMatch(/^(con|prn|aux|nul|(com|lpt).|con(in|out)\$|clock\$) *(\.|$)/iu);
        expect(Buffer.byteLength(name)).toBeLessThanOrEqual(140);
        expect(name.normalize('NFD').length).toBeLessThanOrEqual(255);
        expect(name.normalize('NFC')).toBe(name);
        expect(safeName(name)).toBe(name);
      }),
      options,
    );
  });

  test('of every character is safe, and itself safe', () => {
    const wrong: string[] = [];
    // The planes from 4 to 13 have no character.
    const codes = Array.from({ length: 0x60000 }, (_, i) => (i < 0x40000 ? i : i + 0xa0000));
    for (let from = 0; from < codes.length; from += 16) {
      const text = codes.slice(from, from + 16).map((code) => `a${String.fromCodePoint(code)}`);
      const name = safeName(text.join(''));
      if (/[/\\]/u.test(name) || safeName(name) !== name) wrong.push(codes[from]!.toString(16));
    }
    expect(wrong).toEqual([]);
  });
});

describe('uniqueNames', () => {
  test('numbers names that are taken, before the extension', () => {
    const nameOf = uniqueNames(['SCAN.dcm']);
    expect(['scan.dcm', 'scan.dcm', 'scan (2).dcm', 'other'].map((n) => nameOf(n))).toEqual([
      'scan (2).dcm',
      'scan (3).dcm',
      'scan (2) (2).dcm',
      'other',
    ]);
  });

  test.each([
    ['é.txt', 'E\u0301.TXT'],
    ['straße', 'STRASSE'],
    ['ΟΔΟΣ', 'οδος'],
    ['ﬁle', 'FILE'],
    ['K', 'k'],
  ])('takes %s and %s as equal', (a, b) => {
    const nameOf = uniqueNames();
    expect(nameOf(a)).toBe(safeName(a));
    expect(nameOf(b)).toMatch(/ \(2\)/u);
  });

  test('shortens a long name for its number', () => {
    const nameOf = uniqueNames();
    const long = `${'x'.repeat(300)}.dcm`;
    expect(nameOf(long)).toBe(`${'x'.repeat(136)}.dcm`);
    expect(nameOf(long)).toBe(`${'x'.repeat(132)} (2).dcm`);
  });

  test('returns safe names, none of them twice, nor one that is taken', () => {
    const few = fc.oneof(hostile, fc.constantFrom('a', 'A', 'a (2)', 'é', 'e\u0301', ''));
    fc.assert(
      fc.property(fc.array(few, { maxLength: 12 }), fc.array(few, { maxLength: 4 }), (claimed, taken) => {
        const nameOf = uniqueNames(taken);
        const names = claimed.map((c) => nameOf(c));
        for (const name of names) expect(safeName(name)).toBe(name);
        for (const same of [
          (n: string) => n,
          (n: string) => n.normalize('NFC').toLowerCase(),
          (n: string) => n.normalize('NFD').toUpperCase(),
        ]) {
          const keys = [...names, ...new Set(taken)].map(same);
          const own = keys.slice(0, names.length);
          expect(new Set(own).size).toBe(own.length);
          for (const key of own) expect(keys.slice(names.length)).not.toContain(key);
        }
      }),
      { ...cases(1_000), seed: fixedSeed },
    );
  });
});
