// Every program in examples/ runs, and shows what it says. A file without an expectation fails.
import { readdir } from 'node:fs/promises';
import { join } from 'node:path';
import { expect, test } from '@jest/globals';
import { API_URL } from './people.ts';

const FOLDER = join(import.meta.dirname, '..', '..', 'examples');

const EXPECTED: Readonly<Record<string, object>> = {
  'share-one-record': { seen: 'Invoice 4711', otherRecord: 'unknown-cell', wholeFolder: 'not-found' },
  'approve-less': {
    message: 'For your stay from Monday on.',
    wouldOpen: ['Blood counts', 'Genetics'],
    given: ['read'],
    days: 7,
    thirdOpening: 'grant-ended: exhausted',
  },
  'file-results': {
    wroteIt: true,
    underItsGrant: true,
    seen: 'Hb 14.2 g/dl',
    event: 'record-filed',
    readBack: 'not-found',
  },
  'correct-a-record': {
    texts: ['Ramipril 5 mg', 'Ramipril 2.5 mg'],
    authors: ['patient', 'specialist'],
    underGrants: [undefined, 'write'],
  },
  'family-doctor': { cells: 2, seen: 'an image', outstanding: 0 },
  'pause-and-resume': {
    states: ['active', 'paused', 'active'],
    whilePaused: 'grant-ended: paused',
    afterwards: 'Dear colleague',
  },
  revoke: { epochs: [1, 2], former: ['grant-ended: revoked', 'unknown-cell'], current: ['before', 'after'] },
  'give-back': {
    receivingKey: 2,
    openedThen: 'grant-ended: revoked',
    lastEvent: 'grant-returned',
    byTheRecipient: true,
  },
  'verify-in-person': { unverified: 'unverified-recipient', groups: 12, same: true, approved: 'active' },
  'read-the-trail': { who: [true], purposes: ['TREAT'], signedUpTo: 5, kept: 5, now: 6 },
  'check-evidence': { right: 'add', sameGrant: true, version: 1 },
  'export-fhir': { type: 'collection', consents: 1, events: 5 },
};

const files = (await readdir(FOLDER)).filter((f) => f.endsWith('.ts') && f !== 'people.ts').map((f) => f.slice(0, -3));

test('every example is expected to show something', () => {
  expect([...files].sort()).toEqual(Object.keys(EXPECTED).sort());
});

test.each(files)(
  '%s',
  async (name) => {
    const { run } = (await import(join(FOLDER, `${name}.ts`))) as { run: (at: { origin: string }) => Promise<object> };
    expect(await run({ origin: API_URL })).toEqual(EXPECTED[name]);
  },
  120_000,
);
