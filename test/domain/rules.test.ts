// Tests the rules of lib/domain: life cycles, liveness of grants, faults of grants and requests, and times.
import { describe, expect, test } from '@jest/globals';
import fc from 'fast-check';
import { identityId, newId, type FolderId, type GrantId, type RecordId, type RequestId } from '../../lib/bytes/ids.ts';
import { excess, grantFault, leavesRoomFor, livenessAt, type GrantStatus } from '../../lib/domain/grant.ts';
import { cellLife, grantLife, recordLife, requestLife } from '../../lib/domain/life-cycles.ts';
import { namesEachOnce, openingInTime, OPENING_SKEW, REPEAT_WINDOW } from '../../lib/domain/opening.ts';
import {
  CLOCK_TOLERANCE,
  continues,
  createdClockFault,
  LONGEST_DELAY,
  UPLOAD_LIFE,
  UPLOAD_URL_END,
  UPLOAD_URL_LIFE,
} from '../../lib/domain/record.ts';
import { isOpen, LONGEST_WAIT, requestFault, requestStateAt } from '../../lib/domain/request.ts';
import { DAY, instantOf, MINUTE, SECOND } from '../../lib/domain/time.ts';
import type { Payload } from '../../lib/statements/kinds.ts';
import { companionsOf, kemKey } from './sample-grant.ts';
import { runs } from '../support/property-runs.ts';

const NOW = 1_764_000_000_000;
const at = instantOf;
const patient = identityId(new Uint8Array(32).fill(1));
const recipient = identityId(new Uint8Array(32).fill(2));
const folder = newId<FolderId>();
const hash = 'A'.repeat(43);
const point = 'A'.repeat(44);
const request: Payload<'request'> = {
  request: newId<RequestId>(),
  patient,
  recipient,
  service: point,
  receiving: { number: 1, key: point },
  scope: { folders: [folder] },
  rights: ['read'],
  purpose: 'TREAT',
  duration: 60,
  until: NOW + DAY,
  created: NOW,
};
const cell = { folder, epoch: 1, key: point, statement: hash, kfrags: [{ proxy: 'service' as const, id: hash, hash }] };
const grant: Payload<'grant'> = {
  grant: newId<GrantId>(),
  patient,
  recipient,
  receiving: { number: 1, key: point },
  request: { id: request.request, hash },
  right: 'read',
  cells: [cell],
  inbox: kemKey,
  companions: companionsOf(1),
  notBefore: NOW,
  expires: NOW + 60 * SECOND,
  purpose: 'TREAT',
  threshold: 1,
  proxies: [{ id: 'service' }],
  issued: NOW,
};

test('life cycles have no transition to the same state, and those of requests and grants are complete', () => {
  for (const life of [requestLife, grantLife, cellLife, recordLife])
    for (const { from, to } of Object.values(life)) expect([from].flat()).not.toContain(to);
  expect(requestLife).toEqual({
    approve: { from: 'pending', to: 'approved' },
    deny: { from: 'pending', to: 'denied' },
    withdraw: { from: 'pending', to: 'withdrawn' },
  });
  expect(grantLife).toEqual({
    pause: { from: 'active', to: 'paused' },
    resume: { from: 'paused', to: 'active' },
    revoke: { from: ['active', 'paused'], to: 'revoked' },
  });
});

describe('liveness of a grant', () => {
  const status: GrantStatus = { state: 'active', notBefore: 1000, expires: 2000, used: 0 };
  test('depends on the given time, to the millisecond', () => {
    expect(livenessAt(status, at(999))).toEqual({ live: false, reason: 'not-begun' });
    expect(livenessAt(status, at(1000))).toEqual({ live: true });
    expect(livenessAt(status, at(1999))).toEqual({ live: true });
    expect(livenessAt(status, at(2000))).toEqual({ live: false, reason: 'expired' });
  });
  test('names the first reason that is true, in this order: revoked, expired, exhausted, paused, not begun', () => {
    expect(livenessAt({ ...status, state: 'paused' }, at(999))).toEqual({ live: false, reason: 'paused' });
    expect(livenessAt({ ...status, state: 'paused', limit: 1, used: 1 }, at(999))).toMatchObject({
      reason: 'exhausted',
    });
    const used = { ...status, limit: 3, used: 3 };
    expect(livenessAt(used, at(500))).toMatchObject({ reason: 'exhausted' });
    expect(livenessAt(used, at(2500))).toMatchObject({ reason: 'expired' });
    expect(livenessAt({ ...used, state: 'revoked' }, at(2500))).toMatchObject({ reason: 'revoked' });
    expect(livenessAt({ ...used, used: 2 }, at(1500))).toEqual({ live: true });
  });
  test('leavesRoomFor accepts a batch as a whole or refuses it', () => {
    fc.assert(
      fc.property(fc.nat(200), fc.nat(200), fc.integer({ min: 1, max: 100 }), (limit, used, n) => {
        expect(leavesRoomFor({ ...status, limit, used }, n)).toBe(used + n <= limit);
        expect(leavesRoomFor({ ...status, used }, n)).toBe(true);
      }),
      { numRuns: runs(100) },
    );
  });
});

describe('the members of a grant', () => {
  test('grantFault names the member that is not valid', () => {
    expect(grantFault(grant, at(NOW))).toBeUndefined();
    expect(grantFault({ ...grant, recipient: patient }, at(NOW))).toBe('recipient');
    expect(grantFault({ ...grant, expires: NOW }, at(NOW - 1))).toBe('expires');
    expect(grantFault(grant, at(grant.expires))).toBe('expires');
    expect(grantFault(grant, at(grant.expires - 1))).toBeUndefined();
    expect(grantFault({ ...grant, cells: [cell, cell] }, at(NOW))).toBe('cells');
    const two = { ...grant, cells: [cell, { ...cell, epoch: 2 }] };
    expect(grantFault({ ...two, companions: companionsOf(2) }, at(NOW))).toBeUndefined();
    expect(grantFault(two, at(NOW))).toBe('companions');
    const { inbox: _inbox, ...withoutInbox } = grant;
    expect(grantFault(withoutInbox, at(NOW))).toBe('inbox');
    const { companions: _companions, ...withoutSeeds } = grant;
    expect(grantFault(withoutSeeds, at(NOW))).toBe('companions');
  });

  const other = identityId(new Uint8Array(32).fill(3));
  const excesses: [keyof Payload<'grant'>, Partial<Payload<'grant'>>][] = [
    ['request', { request: { id: newId<RequestId>(), hash } }],
    ['request', { request: { id: request.request, hash: 'B'.repeat(43) } }],
    ['patient', { patient: other }],
    ['recipient', { recipient: other }],
    ['receiving', { receiving: { number: 2, key: point } }],
    ['receiving', { receiving: { number: 1, key: 'B'.repeat(44) } }],
    ['right', { right: 'write' }],
    ['purpose', { purpose: 'HPAYMT' }],
    ['expires', { expires: grant.expires + 1 }],
    ['cells', { cells: [cell, { ...cell, folder: newId<FolderId>() }] }],
  ];
  const requestFacts = { hash, payload: request };
  const factsOf = (g: Payload<'grant'>) => g.cells.map((c) => ({ folder: c.folder, category: 'other' as const }));
  test.each(excesses)('excess finds a grant that exceeds its request: %s', (member, change) => {
    expect(excess({ ...grant, ...change }, requestFacts, factsOf({ ...grant, ...change }))).toBe(member);
  });
  test('excess accepts a grant that equals its request or gives less', () => {
    expect(excess(grant, requestFacts, factsOf(grant))).toBeUndefined();
    expect(excess({ ...grant, expires: NOW + 1, openings: 1 }, requestFacts, factsOf(grant))).toBeUndefined();
    const { request: _, ...unasked } = grant;
    expect(excess(unasked, requestFacts, factsOf(grant))).toBe('request');
  });
});

describe('requests', () => {
  test('a pending request past its end is expired, an answered one is not', () => {
    expect(requestStateAt({ state: 'pending', until: 10 }, at(9))).toBe('pending');
    expect(requestStateAt({ state: 'pending', until: 10 }, at(10))).toBe('expired');
    expect(requestStateAt({ state: 'approved', until: 10 }, at(11))).toBe('approved');
    expect([isOpen({ state: 'pending', until: 10 }, at(9)), isOpen({ state: 'pending', until: 10 }, at(10))]).toEqual([
      true,
      false,
    ]);
    expect(isOpen({ state: 'denied', until: 10 }, at(9))).toBe(false);
  });
  test('requestFault names the member that is not valid', () => {
    const fault = (changes: Partial<typeof request>) =>
      requestFault({ ...request, ...changes }, { now: at(NOW), service: point });
    expect(fault({})).toBeUndefined();
    expect(fault({ until: NOW })).toBe('until');
    expect(fault({ until: NOW + LONGEST_WAIT })).toBeUndefined();
    expect(fault({ until: NOW + LONGEST_WAIT + 1 })).toBe('until');
    expect(fault({ service: 'B'.repeat(44) })).toBe('service');
    expect(fault({ recipient: patient })).toBe('recipient');
    expect(fault({ scope: { folders: [folder, folder] } })).toBe('scope');
  });
});

test('a record statement must be dated near now and must follow the version before it', () => {
  expect([NOW, NOW - LONGEST_DELAY + 1, NOW + CLOCK_TOLERANCE].map((c) => createdClockFault(c, at(NOW)))).toEqual([
    undefined,
    undefined,
    undefined,
  ]);
  expect([NOW - LONGEST_DELAY, NOW + CLOCK_TOLERANCE + 1].map((c) => createdClockFault(c, at(NOW)))).toEqual([
    'behind',
    'ahead',
  ]);
  const p = (version: number, previous?: string) => ({ version, previous }) as unknown as Payload<'record'>;
  const head = { latest: 2, latestHash: hash };
  expect([continues(p(1), undefined), continues(p(3, hash), head)]).toEqual([true, true]);
  for (const [payload, on] of [
    [p(2), undefined],
    [p(1, hash), undefined],
    [p(2, hash), head],
    [p(3), head],
    [p(4, hash), head],
  ] as const)
    expect(continues(payload, on)).toBe(false);
});

test('an opening must be dated near now and must name each record once', () => {
  const inTime = [NOW, NOW + OPENING_SKEW, NOW - REPEAT_WINDOW - OPENING_SKEW + 1];
  expect(inTime.map((w) => openingInTime(w, at(NOW)))).toEqual([true, true, true]);
  const outside = [NOW + OPENING_SKEW + 1, NOW - REPEAT_WINDOW - OPENING_SKEW];
  expect(outside.map((w) => openingInTime(w, at(NOW)))).toEqual([false, false]);
  const record = newId<RecordId>();
  const of = (...versions: number[]) =>
    ({ records: versions.map((version) => ({ record, version })) }) as unknown as Payload<'opening'>;
  expect([namesEachOnce(of(1, 2)), namesEachOnce(of(1, 1))]).toEqual([true, false]);
  expect(MINUTE).toBe(60_000);
});

test('the limits are those that the documentation states', () => {
  expect([SECOND, MINUTE, DAY]).toEqual([1_000, 60_000, 86_400_000]);
  expect([UPLOAD_LIFE, LONGEST_DELAY, CLOCK_TOLERANCE]).toEqual([DAY, DAY, 300_000]);
  expect([UPLOAD_URL_LIFE, UPLOAD_URL_END]).toEqual([900_000, 960_000]);
  expect([REPEAT_WINDOW, OPENING_SKEW, LONGEST_WAIT]).toEqual([600_000, 60_000, 90 * DAY]);
});
