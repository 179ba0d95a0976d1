import { expect, test } from '@jest/globals';
import { all } from '../../lib/client/session/pagination.ts';
import { refusal } from './clients.ts';

interface Page {
  readonly items: readonly number[];
  readonly next?: string;
}
const itemsOf = (page: Page) => page.items;

test('pages are asked for by the cursor of the one before, until there is none', async () => {
  const asked: unknown[] = [];
  const list = await all(async (cursor): Promise<Page> => {
    asked.push(cursor);
    return asked.length < 3 ? { items: [asked.length], next: `c${asked.length}` } : { items: [3] };
  }, itemsOf);
  expect(list).toEqual([1, 2, 3]);
  expect(asked).toEqual([{}, { cursor: 'c1' }, { cursor: 'c2' }]);
});

test('an empty page with a cursor is not the end', async () => {
  let n = 0;
  const list = await all(async (): Promise<Page> => (n++ === 0 ? { items: [], next: 'c' } : { items: [1] }), itemsOf);
  expect(list).toEqual([1]);
});

test('a list that goes in a circle is given up', async () => {
  let n = 0;
  const circle = () => all(async (): Promise<Page> => ({ items: [], next: `c${n++ % 3}` }), itemsOf);
  expect(await refusal(circle)).toBe('bad-answer');
  expect(n).toBe(4);
});

test('a list that does not end is given up', async () => {
  let n = 0;
  const endless = () => all(async (): Promise<Page> => ({ items: [], next: `c${n++}` }), itemsOf);
  expect(await refusal(endless)).toBe('bad-answer');
  expect(n).toBe(100_000);
});
