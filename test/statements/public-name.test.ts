// Tests public names: a name that looks like another one, or has invisible parts, is refused.
import { describe, expect, test } from '@jest/globals';
import { publicName } from '../../lib/statements/fields.ts';

const accepts = (name: string): boolean => publicName.safeParse(name).success;

describe('a public name', () => {
  test.each([
    ['one letter', 'x'],
    ['120 units', 'x'.repeat(120)],
    ['spaces inside', 'Praxis am Markt'],
    ['other scripts', 'مستشفى القاهرة'],
    ['a combining mark', 'Cafe\u0301'],
    ['Devanagari', 'अस्पताल'],
    ['Chinese', '北京医院'],
    ['an emoji', 'Praxis 🏥'],
    ['punctuation', "St. Mary's – Ward 7/8 (A&E)"],
  ])('may have %s', (_, name) => expect(accepts(name)).toBe(true));

  test.each([
    ['nothing', ''],
    ['121 units', 'x'.repeat(121)],
    ['a space at the start', ' x'],
    ['a space at the end', 'x\u00a0'],
    ['a lone surrogate', 'x\ud83dx'],
  ])('may not have %s', (_, name) => expect(accepts(name)).toBe(false));

  // The first and last code points of each range.
  test.each([
    ['control characters', [0x00, 0x09, 0x0a, 0x1f, 0x7f, 0x9f]],
    ['direction marks', [0x061c, 0x200e, 0x200f, 0x202a, 0x202e, 0x2066, 0x2069]],
    ['soft hyphen', [0x00ad]],
    ['combining grapheme joiner', [0x034f]],
    ['Hangul fillers', [0x115f, 0x1160, 0x3164, 0xffa0]],
    ['Khmer inherent vowels', [0x17b4, 0x17b5]],
    ['Mongolian variation selectors and vowel separator', [0x180b, 0x180e, 0x180f]],
    ['zero-width space, non-joiner and joiner', [0x200b, 0x200c, 0x200d]],
    ['line and paragraph separators', [0x2028, 0x2029]],
    ['word joiner, invisible operators, deprecated format characters', [0x2060, 0x2064, 0x2065, 0x206a, 0x206f]],
    ['blank Braille pattern', [0x2800]],
    ['variation selectors', [0xfe00, 0xfe0f, 0xe0100, 0xe01ef]],
    ['zero-width no-break space', [0xfeff]],
    ['interlinear annotations', [0xfff9, 0xfffb]],
    ['shorthand and musical format controls', [0x1bca0, 0x1bca3, 0x1d173, 0x1d17a]],
    ['tags', [0xe0001, 0xe0020, 0xe007f]],
  ])('may not have %s', (_, codePoints) => {
    for (const c of codePoints)
      expect([c.toString(16), accepts(`x${String.fromCodePoint(c)}y`)]).toEqual([c.toString(16), false]);
  });
});
