// Tests the conversion of items to and from DynamoDB attributes, and the detection of damaged items.
import { describe, expect, test } from '@jest/globals';
import fc from 'fast-check';
import { signStatement } from '../../../lib/statements/sign.ts';
import { StoreError } from '../../../lib/stores/errors.ts';
import {
  count,
  fromAttributes,
  optionalCount,
  optionalText,
  present,
  statementOf,
  text,
  texts,
  toAttributes,
} from '../../../lib/stores/dynamo/item.ts';
import { SAMPLES } from '../../statements/samples.ts';

const value = fc.oneof(fc.string(), fc.integer(), fc.array(fc.string()));

describe('items', () => {
  test('convert to attributes and back without change', () => {
    fc.assert(
      fc.property(fc.dictionary(fc.string({ minLength: 1 }), value), (item) => {
        expect(fromAttributes(toAttributes(item))).toEqual({ ...item });
      }),
    );
  });

  test('omit undefined members', () => {
    expect(present({ a: 1, b: undefined })).toEqual({ a: 1 });
    expect(toAttributes({ a: 1, b: undefined })).toEqual({ a: { N: '1' } });
  });

  test('throw StoreError for a member of the wrong type, without repeating its value', () => {
    const item = { word: 'secret', number: 7 };
    for (const read of [
      () => text(item, 'number'),
      () => text(item, 'none'),
      () => count(item, 'word'),
      () => texts(item, 'word'),
      () => optionalText(item, 'number'),
      () => optionalCount(item, 'word'),
      () => fromAttributes({ word: { BOOL: true } }),
      () => fromAttributes({ word: { L: [{ N: '1' }] } }),
    ]) {
      expect(read).toThrow(StoreError);
      expect(read).not.toThrow(/secret/);
    }
  });

  test('may lack an optional member', () => {
    expect([optionalText({}, 'x'), optionalCount({}, 'x'), texts({}, 'x')]).toEqual([undefined, undefined, []]);
    expect([optionalText({ x: 'a' }, 'x'), optionalCount({ x: 2 }, 'x'), texts({ x: ['a'] }, 'x')]).toEqual([
      'a',
      2,
      ['a'],
    ]);
  });
});

describe('a stored statement', () => {
  test('is returned as it was signed', async () => {
    const made = await signStatement('denial', SAMPLES.denial.payload, SAMPLES.denial.signer);
    expect(statementOf('denial', { jws: made.jws })).toEqual(made);
  });

  test('throws StoreError if it is damaged, so that the caller is not blamed', async () => {
    const { jws } = await signStatement('denial', SAMPLES.denial.payload, SAMPLES.denial.signer);
    for (const damaged of ['secret', jws.replace('.', '.A'), `${jws}.secret`])
      expect(() => statementOf('denial', { jws: damaged })).toThrow(
        new StoreError('damaged-item', 'a stored item has no proper denial statement'),
      );
    expect(() => statementOf('folder', { jws })).toThrow(StoreError);
    expect(() => statementOf('folder', {})).toThrow(StoreError);
  });
});
