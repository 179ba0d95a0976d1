// Tests texts that are safe to show: examples of each rule, and that they hold for all texts.
import { describe, expect, test } from '@jest/globals';
import fc from 'fast-check';
import { displayLines, displayText } from '../../../lib/client/index.ts';
import { cases, fixedSeed } from '../../support/case-counts.ts';

describe('displayText', () => {
  test.each([
    ['Befund Müller, 7. Mai', 'Befund Müller, 7. Mai'],
    ['\u001b[2Jempty', '\ufffd[2Jempty'],
    ['\u202egpj.exe', '\ufffdgpj.exe'],
    ['one\r\ntwo\u2028three\u0085four', 'one two three four'],
    ['in\u200bvi\u00adsible\u{e0041}', 'invisible'],
    ['half \ud800', 'half \ufffd'],
    ['می\u200cخواهم', 'می\u200cخواهم'],
    ['👨\u200d👩\u200d👧 ❤\ufe0f', '👨\u200d👩\u200d👧 ❤\ufe0f'],
    ['<b>', '<b>'],
    [' \u200b ', ''],
  ])('of %j is %j', (text, expected) => {
    expect(displayText(text)).toBe(expected);
  });

  test('has one line, no control character, no override, and stays as it is the next time', () => {
    const any = fc.string({ unit: 'binary', maxLength: 60 });
    const piece = fc.constantFrom(
      '\n',
      '\r',
      '\u001b[',
      '\u009b',
      '\u202e',
      '\u2067',
      '\u200e',
      '\ud800',
      '\udc00',
      'a',
    );
    fc.assert(
      fc.property(fc.array(fc.oneof(any, piece), { maxLength: 8 }), (pieces) => {
        const shown = displayText(pieces.join(''));
        expect(shown).not.toMatch(/[\p{Cc}\p{Cs}\p{Zl}\p{Zp}\p{Bidi_Control}]/u);
        expect(displayText(shown)).toBe(shown);
      }),
      { ...cases(2_000), seed: fixedSeed },
    );
  });
});

test('displayLines keeps lines, tabs and spaces', () => {
  expect(displayLines('Dear Dr. May,\r\n\tfor  your stay\u001b[31m\n')).toBe(
    'Dear Dr. May,\n\tfor  your stay\ufffd[31m\n',
  );
});
