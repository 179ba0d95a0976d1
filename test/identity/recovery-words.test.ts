// Tests recovery words and the seeds of generations.
import { describe, expect, test } from '@jest/globals';
import fc from 'fast-check';
import { BytesError } from '../../lib/bytes/errors.ts';
import { generationSeed, newRootWords, rootFromWords } from '../../lib/identity/recovery-words.ts';
import { fill } from '../statements/samples.ts';
import { refusal } from './helpers.ts';

const ZOO = `${'zoo '.repeat(23)}vote`;

describe('root words', () => {
  test.each([
    // BIP-39's own vectors of 256 bits
    [0x00, `${'abandon '.repeat(23)}art`],
    [0xff, ZOO],
    [
      0x7f,
      'legal winner thank year wave sausage worth useful legal winner thank year wave sausage worth useful legal winner thank year wave sausage worth title',
    ],
  ])('for 32 times %i are those of BIP-39', (byte, words) => {
    expect(newRootWords(() => fill(byte, 32))).toBe(words);
    expect(rootFromWords(words)).toEqual(fill(byte, 32));
  });

  test('decode to the root that they were made from', () => {
    fc.assert(
      fc.property(fc.uint8Array({ minLength: 32, maxLength: 32 }), (root) => {
        const words = newRootWords(() => root);
        expect(words.split(' ')).toHaveLength(24);
        expect(rootFromWords(words)).toEqual(root);
      }),
      { numRuns: 30 },
    );
  });

  test('are different each time', () => expect(newRootWords()).not.toBe(newRootWords()));

  test('may be typed in any case and spacing', () => {
    expect(rootFromWords(`  ${ZOO.toUpperCase().replaceAll(' ', '\n ')} `)).toEqual(fill(0xff, 32));
    expect(rootFromWords(`\ufeff\u200b${ZOO.replaceAll(' ', '\u00a0')}\r\n\0`)).toEqual(fill(0xff, 32));
    expect(rootFromWords(ZOO.replaceAll(' ', '\u3000').replaceAll('z', '\uff5a'))).toEqual(fill(0xff, 32));
  });

  test.each([
    ['23 words', ZOO.slice(4)],
    ['25 words', `zoo ${ZOO}`],
    ['12 words, a wallet of 128 bits', `${'abandon '.repeat(11)}about`],
    ['nothing', ''],
    ['a word that is not in the list', ZOO.replace('vote', 'votes')],
    ['a word of another list', ZOO.replace('vote', 'ábaco')],
    ['a wrong checksum', `${'zoo '.repeat(23)}zoo`],
    ['two words swapped', `${'abandon '.repeat(22)}art abandon`],
  ])('%s: refused', async (_, words) => expect(await refusal(() => rootFromWords(words))).toBe('bad-root-words'));

  test('the error gives the position of a mistyped word and does not repeat it', () => {
    expect(() => rootFromWords(ZOO.replace('zoo zoo', 'zoo zooo'))).toThrow(/^not in the word list: word number 2$/);
  });

  test('a source that returns too few bytes is refused', () => {
    expect(() => newRootWords(() => fill(1, 31))).toThrow(BytesError);
  });
});

describe('generations', () => {
  test('differ by root and number', () => {
    const seeds = [1, 2, 256].flatMap((k) => [fill(1, 32), fill(2, 32)].map((root) => generationSeed(root, k)));
    for (const seed of seeds) expect(seed).toHaveLength(32);
    expect(new Set(seeds.map(String)).size).toBe(6);
    expect(generationSeed(fill(1, 32), 1)).toEqual(seeds[0]);
  });

  test('have a root of 32 bytes and a number', () => {
    expect(() => generationSeed(fill(1, 31), 1)).toThrow(BytesError);
    expect(() => generationSeed(fill(1, 32), -1)).toThrow(BytesError);
  });
});
