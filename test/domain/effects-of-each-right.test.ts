// Tests RIGHT_FACTS: each fact of a right has the effect that its docstring states, and docs/life-of-a-grant.md lists the same effects.
import { describe, expect, test } from '@jest/globals';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { newId, type RecordId } from '../../lib/bytes/ids.ts';
import { covers, grantFault, isDisclosure, mayFile, RIGHT_FACTS, takesIn } from '../../lib/domain/grant.ts';
import { instantOf } from '../../lib/domain/time.ts';
import { RIGHTS, type Right } from '../../lib/statements/fields.ts';
import type { GrantCell, Payload } from '../../lib/statements/kinds.ts';
import { cellOf, folder, grantOf, hash, NOW, patient, recipient } from './sample-grant.ts';

const cell = (epoch: number, hasKeyFragment: boolean): GrantCell =>
  cellOf({ epoch, ...(hasKeyFragment ? {} : { kfrags: [] }) });
const faultOf = (right: Right, changes: Partial<Payload<'grant'>>) =>
  grantFault(grantOf({ right, cells: [cell(1, false)], ...changes }), instantOf(NOW));

/** Whether a grant of this right covers the filing of this version, in a later epoch than the grant names. */
const coversVersion = (right: Right, version: number): boolean => {
  const payload = grantOf({ right, cells: [cell(1, false)] });
  return covers({ kind: 'grant', jws: '', hash, payload }, {
    record: newId<RecordId>(),
    version,
    patient,
    folder,
    epoch: 4,
    author: recipient,
    grant: { id: payload.grant, hash },
    created: NOW,
  } as Payload<'record'>);
};

/** The effects of each right, from the behaviour of the rules. */
const effectsOf = (right: Right) => {
  const { needsKeyFragments } = RIGHT_FACTS[right];
  const cells = [cell(1, needsKeyFragments)];
  return {
    'with key fragments': faultOf(right, { cells: [cell(1, true)] }) ?? 'valid',
    'without key fragments': faultOf(right, { cells: [cell(1, false)] }) ?? 'valid',
    'two cells': faultOf(right, { cells: [...cells, cell(2, needsKeyFragments)] }) ?? 'valid',
    'a cell twice': faultOf(right, { cells: [...cells, ...cells] }) ?? 'valid',
    'a limit of openings': faultOf(right, { cells, openings: 1 }) ?? 'valid',
    standing: faultOf(right, { cells, standing: { everything: true } }) ?? 'valid',
    'takes an extension': takesIn(grantOf({ right, cells }), { folder, category: 'letters' }),
    'files versions': [1, 2, 3].filter((version) => mayFile(right, version)),
    'covers versions': [1, 2, 3].filter((version) => coversVersion(right, version)),
  };
};

const OPENS = {
  'with key fragments': 'valid',
  'without key fragments': 'cells',
  'two cells': 'valid',
  'a cell twice': 'cells',
  'a limit of openings': 'valid',
  standing: 'valid',
  'takes an extension': true,
  'files versions': [],
  'covers versions': [],
};
const FILES = {
  'with key fragments': 'cells',
  'without key fragments': 'valid',
  'two cells': 'cells',
  'a cell twice': 'cells',
  'a limit of openings': 'openings',
  standing: 'standing',
  'takes an extension': false,
};
const EFFECTS: Readonly<Record<Right, ReturnType<typeof effectsOf>>> = {
  read: OPENS,
  add: { ...FILES, 'files versions': [1], 'covers versions': [1] },
  write: { ...FILES, 'files versions': [2, 3], 'covers versions': [2, 3] },
};

test.each(RIGHTS)('%s has the effects of its facts, and no other', (right) => {
  expect(effectsOf(right)).toEqual(EFFECTS[right]);
});

test('a right opens records only with key fragments, because the service re-encrypts with them', () => {
  for (const right of RIGHTS)
    expect(RIGHT_FACTS[right].needsKeyFragments || !RIGHT_FACTS[right].opensRecords).toBe(true);
});

describe('docs/life-of-a-grant.md', () => {
  const page = readFileSync(join(import.meta.dirname, '..', '..', 'docs', 'life-of-a-grant.md'), 'utf8');
  const rows = [...page.matchAll(/^\| `(\w+)` \| ([^|]+) \| ([^|]+) \|$/gm)].map(([, ...cells]) => cells);

  test('has a row for each right', () => {
    expect(rows.map(([right]) => right)).toEqual(RIGHTS);
  });

  test.each(rows)('%s: %s', (right, gives = '', parts = '') => {
    const { opensRecords, filesVersion, needsKeyFragments } = RIGHT_FACTS[right as Right];
    expect(gives.includes('opening')).toBe(opensRecords);
    expect([gives.includes('version 1'), gives.includes('later versions')]).toEqual([
      filesVersion === 'first',
      filesVersion === 'later',
    ]);
    expect(parts.includes('a fragment per cell')).toBe(needsKeyFragments);
  });
});

test.each([
  ['opens records and files nothing', { opensRecords: true, filesVersion: 'none', needsKeyFragments: true }, true],
  ['files later versions too', { opensRecords: true, filesVersion: 'later', needsKeyFragments: true }, false],
  ['does neither, but something new', { opensRecords: false, filesVersion: 'none', needsKeyFragments: false }, false],
] as const)('a right that %s is a disclosure only in the first case', (_, facts, expected) => {
  expect(isDisclosure(facts)).toBe(expected);
});
