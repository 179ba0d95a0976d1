// Tests every program in examples/: it runs, prints lines of text, and returns the expected values. A program without an expectation fails.
import { readdir } from 'node:fs/promises';
import { join } from 'node:path';
import { expect, test } from '@jest/globals';
import type { At } from '../../../examples/people.ts';
import { API_URL } from './people.ts';

const FOLDER = join(import.meta.dirname, '..', '..', '..', 'examples');

const EXPECTED: Readonly<Record<string, object>> = {
  'share-one-record': { seen: 'Invoice 4711', otherRecord: 'unknown-cell', wholeFolder: 'not-found' },
  'approve-less': {
    message: 'For your stay from Monday on.',
    wouldOpen: ['Blood counts', 'Genetics'],
    folders: 1,
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
    underGrant: [false, true],
    chained: true,
  },
  'family-doctor': { before: 1, cells: 2, seen: 'an image', outstanding: 0 },
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
  'verify-in-person': {
    unverified: 'unverified-recipient',
    digits: expect.stringMatching(/^(\d{5} ){11}\d{5}$/),
    same: true,
    code: expect.stringMatching(/^PCEHR1:EHR1[A-Z0-9]+$/),
    approved: 'active',
  },
  'read-the-trail': {
    who: [true],
    what: [true],
    when: [expect.any(Number)],
    purposes: ['TREAT'],
    signedUpTo: 5,
    kept: 5,
    now: 6,
  },
  'check-evidence': { right: 'read', sameGrant: true, sameRecord: true, events: 6, otherSigner: 'wrong-signer' },
  'export-fhir': { type: 'collection', consents: 1, events: 5 },
};

const files = (await readdir(FOLDER)).filter((f) => f.endsWith('.ts') && f !== 'people.ts').map((f) => f.slice(0, -3));

test('every example has expected values', () => {
  expect([...files].sort()).toEqual(Object.keys(EXPECTED).sort());
});

test.each(files)(
  'the example %s returns the expected values',
  async (name) => {
    const { run } = (await import(join(FOLDER, `${name}.ts`))) as { run: (at: At) => Promise<object> };
    const said: string[] = [];
    const called = new Set<string>();
    const counting: typeof fetch = (input, init) => {
      called.add(new URL(input instanceof Request ? input.url : input).origin);
      return fetch(input, init);
    };
    expect(await run({ origin: API_URL, fetch: counting, say: (line) => said.push(line) })).toEqual(EXPECTED[name]);
    expect(called).toContain(API_URL);
    expect(said.length).toBeGreaterThan(0);
    for (const line of said) expect(line).not.toMatch(/undefined|NaN|\[object|: false/);
  },
  120_000,
);
