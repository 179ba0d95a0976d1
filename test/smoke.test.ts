import { expect, test } from '@jest/globals';
import { newId, idBytes } from '../lib/bytes/ids.ts';
test('x', () => {
  expect(idBytes(newId())).toHaveLength(16);
});
