// Tests that no file of lib compares a right with the name of one, as `right === 'read'` does: a new right would then be treated like one of the others.
// The code reads RIGHT_FACTS instead, which has an entry for every right.
import { expect, test } from '@jest/globals';
import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { RIGHTS } from '../../lib/statements/fields.ts';
import { root } from './bundle.ts';

const COMPARES = new RegExp(`[=!]==? *['"\`](${RIGHTS.join('|')})['"\`]|case ['"\`](${RIGHTS.join('|')})['"\`]`);

test('the pattern finds comparisons', () => {
  for (const source of ["g.right === 'read'", "right !== 'add'", "case 'write':"]) expect(source).toMatch(COMPARES);
  expect("right = 'read'").not.toMatch(COMPARES);
});

test('no file of lib compares a right with a name', () => {
  const files = readdirSync(join(root, 'lib'), { recursive: true, encoding: 'utf8' }).filter((f) => f.endsWith('.ts'));
  expect(files.filter((f) => COMPARES.test(readFileSync(join(root, 'lib', f), 'utf8')))).toEqual([]);
});
