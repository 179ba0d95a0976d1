// Tests that the limits in docs/spec/clock.md are those of the code.
import { expect, test } from '@jest/globals';
import { readFileSync } from 'node:fs';
import { MOST_CORRECTION } from '../../lib/client/session/clock-correction.ts';
import { endClockFault } from '../../lib/domain/grant.ts';
import { OPENING_SKEW, openingClockFault, REPEAT_WINDOW } from '../../lib/domain/opening.ts';
import { CLOCK_TOLERANCE, createdClockFault, LONGEST_DELAY } from '../../lib/domain/record.ts';
import { LONGEST_WAIT, untilClockFault } from '../../lib/domain/request.ts';
import { clockFault, DAY, HOUR, instantOf, MINUTE } from '../../lib/domain/time.ts';
import type { Payload } from '../../lib/statements/kinds.ts';

const page = readFileSync(new URL('../../docs/spec/clock.md', import.meta.url), 'utf8');
const NOW = instantOf(1_767_225_600_000);

test('clockFault refuses a time beyond its limits and accepts one at the limit ahead', () => {
  const most = { ahead: 10, behind: 20 };
  expect([11, 10, -19, -20].map((off) => clockFault(NOW + off, NOW, most))).toEqual([
    'ahead',
    undefined,
    undefined,
    'behind',
  ]);
});

test.each([
  ['when` of an `opening', 'at most 1 minute ahead, less than 11 minutes behind', OPENING_SKEW, MINUTE],
  ['when` of an `opening', 'at most 1 minute ahead, less than 11 minutes behind', REPEAT_WINDOW, 10 * MINUTE],
  ['created` of a `record', 'at most 5 minutes ahead, less than 24 hours behind', CLOCK_TOLERANCE, 5 * MINUTE],
  ['created` of a `record', 'at most 5 minutes ahead, less than 24 hours behind', LONGEST_DELAY, DAY],
  ['until` of a `request', 'at most 90 days ahead, not behind', LONGEST_WAIT, 90 * DAY],
])('`%s`: %s', (time, limits, constant, expected) => {
  expect(page).toContain(`\`${time}\` | ${limits}`);
  expect(constant).toBe(expected);
});

test('a client corrects its clock by at most 26 hours', () => {
  expect(page).toContain('**at most 26 hours**');
  expect(MOST_CORRECTION).toBe(26 * HOUR);
});

test('each time is refused beyond its limits and accepted at them', () => {
  expect([MINUTE + 1, MINUTE].map((off) => openingClockFault(NOW + off, NOW))).toEqual(['ahead', undefined]);
  expect([-11 * MINUTE, 1 - 11 * MINUTE].map((off) => openingClockFault(NOW + off, NOW))).toEqual([
    'behind',
    undefined,
  ]);
  expect([-DAY, 1 - DAY, 5 * MINUTE, 5 * MINUTE + 1].map((off) => createdClockFault(NOW + off, NOW))).toEqual([
    'behind',
    undefined,
    undefined,
    'ahead',
  ]);
  expect([0, 1, LONGEST_WAIT, LONGEST_WAIT + 1].map((off) => untilClockFault(NOW + off, NOW))).toEqual([
    'behind',
    undefined,
    undefined,
    'ahead',
  ]);
});

test('endClockFault: a grant that has expired comes from a clock that is behind, unless it ends before it begins', () => {
  const grant = (notBefore: number, expires: number) => ({ notBefore, expires }) as Payload<'grant'>;
  expect(endClockFault(grant(NOW - 2, NOW), NOW)).toBe('behind');
  expect(endClockFault(grant(NOW - 2, NOW + 1), NOW)).toBeUndefined();
  expect(endClockFault(grant(NOW - 2, NOW - 2), NOW)).toBeUndefined();
});
