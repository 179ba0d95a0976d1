// Tests the faults of grants and extensions, the scopes of requests and grants, the grants that cover a record version, and rate limits.
import { describe, expect, test } from '@jest/globals';
import fc from 'fast-check';
import { newId, type FolderId, type GrantId, type RecordId, type RequestId } from '../../lib/bytes/ids.ts';
import {
  covers,
  excess,
  extensionFault,
  grantFault,
  reaches,
  takesIn,
  type FolderFacts,
} from '../../lib/domain/grant.ts';
import { nextPace, OPENINGS_A_SECOND } from '../../lib/domain/opening.ts';
import { nextRequestPace, requestFault, REQUESTS_AN_HOUR } from '../../lib/domain/request.ts';
import { DAY, HOUR, instantOf } from '../../lib/domain/time.ts';
import { CATEGORIES } from '../../lib/statements/fields.ts';
import type { GrantCell, Payload, Scope, Statement } from '../../lib/statements/kinds.ts';
import { runs } from '../support/property-runs.ts';
import { cellOf, companionsOf, folder, grantOf, hash, kemKey, NOW, patient, point, recipient } from './sample-grant.ts';

const now = instantOf(NOW);
const record = newId<RecordId>();
const facts = (changes: Partial<FolderFacts> = {}): FolderFacts => ({ folder, category: 'letters', ...changes });

describe('grantFault', () => {
  const bare = cellOf({ kfrags: [] });
  test.each(['add', 'write'] as const)('a grant to %s names one cell and no key fragment', (right) => {
    expect(grantFault(grantOf({ right, cells: [bare] }), now)).toBeUndefined();
    expect(grantFault(grantOf({ right }), now)).toBe('cells');
    expect(grantFault(grantOf({ right, cells: [bare, { ...bare, epoch: 2 }] }), now)).toBe('cells');
    expect(grantFault(grantOf({ right, cells: [bare], inbox: kemKey }), now)).toBe('inbox');
    expect(grantFault(grantOf({ right, cells: [bare], companions: companionsOf(1) }), now)).toBe('companions');
    expect(grantFault(grantOf({ right, cells: [bare], openings: 1 }), now)).toBe('openings');
    expect(grantFault(grantOf({ right, cells: [bare], standing: { everything: true } }), now)).toBe('standing');
    expect(grantFault(grantOf({ right, cells: [bare], expires: NOW }), now)).toBe('expires');
  });
  test('a grant to read has a key fragment for every cell', () => {
    expect(grantFault(grantOf({ cells: [cellOf(), cellOf({ epoch: 2 })] }), now)).toBeUndefined();
    expect(grantFault(grantOf({ cells: [cellOf(), { ...bare, epoch: 2 }] }), now)).toBe('cells');
    expect(grantFault(grantOf({ openings: 1, standing: { everything: true } }), now)).toBeUndefined();
  });
});

describe('extensions', () => {
  const extension = (cells: GrantCell[]): Payload<'extension'> => ({
    patient,
    grant: newId<GrantId>(),
    number: 1,
    previous: hash,
    cells,
    companions: companionsOf(cells.length),
    issued: NOW,
  });
  test('must name each cell once, with a key fragment', () => {
    expect(extensionFault(extension([cellOf(), cellOf({ epoch: 2 })]))).toBeUndefined();
    expect(extensionFault(extension([cellOf(), cellOf()]))).toBe('cells');
    expect(extensionFault(extension([cellOf({ kfrags: [] })]))).toBe('cells');
    expect(extensionFault(extension([cellOf(), cellOf({ epoch: 2, kfrags: [] })]))).toBe('cells');
    for (const companions of [companionsOf(1), companionsOf(3)])
      expect(extensionFault({ ...extension([cellOf(), cellOf({ epoch: 2 })]), companions })).toBe('companions');
  });
  test('takesIn: a grant to read covers later epochs of its folders, and new folders if it is standing for them', () => {
    const elsewhere = facts({ folder: newId<FolderId>() });
    expect(takesIn(grantOf(), facts())).toBe(true);
    expect(takesIn(grantOf({ cells: [cellOf(), cellOf({ folder: elsewhere.folder })] }), elsewhere)).toBe(true);
    expect(takesIn(grantOf({ right: 'add', cells: [cellOf({ kfrags: [] })] }), facts())).toBe(false);
    expect(takesIn(grantOf(), elsewhere)).toBe(false);
    expect(takesIn(grantOf({ standing: { everything: true } }), elsewhere)).toBe(true);
    expect(takesIn(grantOf({ standing: { categories: ['letters'] } }), elsewhere)).toBe(true);
    expect(takesIn(grantOf({ standing: { categories: ['imaging'] } }), elsewhere)).toBe(false);
    const single = { ...elsewhere, single: { record } };
    expect(takesIn(grantOf({ standing: { everything: true } }), single)).toBe(false);
    expect(takesIn(grantOf(), { ...single, folder })).toBe(true);
  });
});

const category = fc.constantFrom(...CATEGORIES);
const scope = fc.oneof(
  fc.constant(true).map((): Scope => ({ everything: true })),
  fc.uniqueArray(category, { minLength: 1 }).map((categories): Scope => ({ categories })),
  fc.constantFrom(folder, newId<FolderId>()).map((one): Scope => ({ folders: [one] })),
  fc.constant(record).map((one): Scope => ({ record: one })),
);

describe('scopes', () => {
  test('reaches is true for the folders in the scope', () => {
    expect(reaches({ everything: true }, facts())).toBe(true);
    expect(reaches({ everything: true }, facts({ single: { record } }))).toBe(true);
    expect(reaches({ categories: ['letters'] }, facts())).toBe(true);
    expect(reaches({ categories: ['imaging', 'other'] }, facts())).toBe(false);
    expect(reaches({ folders: [folder] }, facts())).toBe(true);
    expect(reaches({ folders: [newId<FolderId>()] }, facts())).toBe(false);
    expect(reaches({ record }, facts())).toBe(false);
    expect(reaches({ record }, facts({ single: { record } }))).toBe(true);
    expect(reaches({ record }, facts({ single: { record: newId<RecordId>() } }))).toBe(false);
  });

  const requestWith = (changes: Partial<Payload<'request'>>): Pick<Statement<'request'>, 'hash' | 'payload'> => ({
    hash,
    payload: {
      request: newId<RequestId>(),
      patient,
      recipient,
      service: point,
      receiving: { number: 1, key: point },
      scope: { everything: true },
      rights: ['read'],
      purpose: 'TREAT',
      duration: 86_400,
      until: NOW + DAY,
      created: NOW,
      ...changes,
    },
  });
  const answering = (request: ReturnType<typeof requestWith>, changes: Partial<Payload<'grant'>> = {}) =>
    grantOf({ request: { id: request.payload.request, hash }, ...changes });

  test('excess refuses a grant whose cell is outside the scope of its request', () => {
    fc.assert(
      fc.property(scope, category, fc.boolean(), (requested, kind, single) => {
        const request = requestWith({ scope: requested });
        const f = facts({ category: kind, ...(single ? { single: { record } } : {}) });
        expect(excess(answering(request), request, [f])).toBe(reaches(requested, f) ? undefined : 'cells');
      }),
      { numRuns: runs(200) },
    );
  });

  test('excess refuses a grant that is standing for more than was requested', () => {
    const everything = { standing: { everything: true as const } };
    const both = { standing: { categories: ['letters', 'imaging'] as ('letters' | 'imaging')[] } };
    const one = { standing: { categories: ['letters'] as 'letters'[] } };
    const ask = (requested: Scope, standing: Partial<Payload<'grant'>>) => {
      const request = requestWith({ scope: requested });
      return excess(answering(request, standing), request, [facts()]);
    };
    expect(ask({ everything: true }, everything)).toBeUndefined();
    expect(ask({ everything: true }, both)).toBeUndefined();
    expect(ask({ categories: ['letters'] }, one)).toBeUndefined();
    expect(ask({ categories: ['letters'] }, both)).toBe('standing');
    expect(ask({ categories: ['letters'] }, everything)).toBe('standing');
    expect(ask({ folders: [folder] }, one)).toBe('standing');
  });

  test('excess refuses a grant if the facts of a folder are missing', () => {
    const request = requestWith({});
    expect(excess(answering(request), request, [])).toBe('cells');
  });

  test('requestFault refuses a request that names something twice', () => {
    const fault = (changes: Partial<Payload<'request'>>) =>
      requestFault(requestWith(changes).payload, { now, service: point });
    expect(fault({})).toBeUndefined();
    expect(fault({ rights: ['read', 'add', 'write'] })).toBeUndefined();
    expect(fault({ rights: ['read', 'read'] })).toBe('rights');
    expect(fault({ scope: { categories: ['letters', 'letters'] } })).toBe('scope');
    expect(fault({ scope: { categories: ['letters', 'other'] } })).toBeUndefined();
    expect(fault({ scope: { folders: [folder, folder] } })).toBe('scope');
    expect(fault({ scope: { record } })).toBeUndefined();
  });
});

describe('covers', () => {
  const payload = grantOf({ right: 'add', cells: [cellOf({ kfrags: [] })] });
  const statement: Statement<'grant'> = { kind: 'grant', jws: '', hash, payload };
  const filed = (changes: Partial<Payload<'record'>> = {}): Payload<'record'> => ({
    record,
    version: 1,
    patient,
    folder,
    epoch: 4,
    author: recipient,
    grant: { id: payload.grant, hash },
    created: NOW,
    algorithm: 1,
    chunk: 20,
    flags: 0,
    salt: '',
    commit: '',
    digest: '',
    length: 16,
    metadata: '',
    wrap: '',
    label: '',
    ...changes,
  });
  test('is true for the recipient in the folder, in any epoch, before the end of the grant', () => {
    expect(covers(statement, filed())).toBe(true);
  });
  const faults: [string, Partial<Payload<'record'>>][] = [
    ['another grant', { grant: { id: newId<GrantId>(), hash } }],
    ['another hash', { grant: { id: payload.grant, hash: 'B'.repeat(43) } }],
    ['no grant', { grant: undefined }],
    ['another patient', { patient: recipient }],
    ['another author', { author: patient }],
    ['a later version', { version: 2 }],
    ['another folder', { folder: newId<FolderId>() }],
    ['a record dated at its end', { created: NOW + DAY }],
  ];
  test.each(faults)('is false for %s', (_, changes) => {
    expect(covers(statement, filed(changes))).toBe(false);
  });
  test('a grant to write covers later versions, and not the first', () => {
    const write: Statement<'grant'> = { ...statement, payload: { ...payload, right: 'write' } };
    expect(covers(write, filed({ version: 2 }))).toBe(true);
    expect(covers(write, filed())).toBe(false);
  });
});

describe('the rate limit', () => {
  test(`allows ${OPENINGS_A_SECOND} openings in a second, and counts from 1 in the next`, () => {
    let pace = { second: 0, count: 0 };
    for (let i = 1; i <= OPENINGS_A_SECOND; i++) {
      pace = nextPace(pace, now)!;
      expect(pace).toEqual({ second: NOW / 1000, count: i });
    }
    expect(nextPace(pace, instantOf(NOW + 999))).toBeUndefined();
    expect(nextPace(pace, instantOf(NOW + 1000))).toEqual({ second: NOW / 1000 + 1, count: 1 });
    // If another server has already begun a later second, a server whose clock is behind counts in that second.
    expect(nextPace({ second: NOW / 1000 + 5, count: 3 }, now)).toEqual({ second: NOW / 1000 + 5, count: 4 });
  });
  test(`allows ${REQUESTS_AN_HOUR} requests in an hour`, () => {
    const hour = Math.floor(NOW / HOUR);
    expect(nextRequestPace({ hour: 0, made: 0 }, now)).toEqual({ hour, made: 1 });
    expect(nextRequestPace({ hour, made: REQUESTS_AN_HOUR - 1 }, now)).toEqual({ hour, made: REQUESTS_AN_HOUR });
    expect(nextRequestPace({ hour, made: REQUESTS_AN_HOUR }, now)).toBeUndefined();
    expect(nextRequestPace({ hour, made: REQUESTS_AN_HOUR }, instantOf(NOW + HOUR))).toEqual({
      hour: hour + 1,
      made: 1,
    });
  });
});
