// Tests the function `all`, which reads every page of a list.
import { expect, test } from '@jest/globals';
import { all } from '../../lib/client/session/pagination.ts';
import { refusal } from './clients.ts';

interface Page {
  readonly items: readonly number[];
  readonly next?: string;
}
const itemsOf = (page: Page) => page.items;

test('asks for each page with the cursor of the page before, until there is no cursor', async () => {
  const asked: unknown[] = [];
  const list = await all(async (cursor): Promise<Page> => {
    asked.push(cursor);
    return asked.length < 3 ? { items: [asked.length], next: `c${asked.length}` } : { items: [3] };
  }, itemsOf);
  expect(list).toEqual([1, 2, 3]);
  expect(asked).toEqual([{}, { cursor: 'c1' }, { cursor: 'c2' }]);
});

test('continues after an empty page with a cursor', async () => {
  let n = 0;
  const list = await all(async (): Promise<Page> => (n++ === 0 ? { items: [], next: 'c' } : { items: [1] }), itemsOf);
  expect(list).toEqual([1]);
});

test('gives up if a cursor repeats', async () => {
  let n = 0;
  const circle = () => all(async (): Promise<Page> => ({ items: [], next: `c${n++ % 3}` }), itemsOf);
  expect(await refusal(circle)).toBe('bad-answer');
  expect(n).toBe(4);
});

test('gives up after 20,000 pages', async () => {
  let n = 0;
  const endless = () => all(async (): Promise<Page> => ({ items: [], next: `c${n++}` }), itemsOf);
  expect(await refusal(endless)).toBe('bad-answer');
  expect(n).toBe(20_000);
});
