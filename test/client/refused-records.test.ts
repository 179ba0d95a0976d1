// Tests an opening in which the client or the service refuses some records: the error names these records, and contains the other records, opened.
import { describe, expect, test } from '@jest/globals';
import type { AppError } from '../../lib/api/errors.ts';
import { fromBase64url, fromUtf8, toBase64url, utf8 } from '../../lib/bytes/codec.ts';
import { createRecipient, RefusedRecordsError, type GrantWithCells, type RecordInfo } from '../../lib/client/index.ts';
import { refusing } from '../support/lying-fetch.ts';
import { granted, readAll } from './main-job-story.ts';
import { DAY, people } from './people.ts';

/** A record of an answer. */
interface Opened {
  readonly record: string;
  readonly statement: string;
  readonly metadata: string;
  readonly wrap: { readonly capsule: string; readonly wrappedKey: string; readonly cfrags?: readonly string[] };
}
type Change = (record: Opened) => Opened;

/** Alters one bit. @param place counted from the end if it is negative */
const altered = (text: string, place: number): string => {
  const bytes = fromBase64url(text);
  bytes[place < 0 ? bytes.length + place : place]! ^= 1;
  return toBase64url(bytes);
};

const inWrap =
  (change: (wrap: Opened['wrap']) => Partial<Opened['wrap']>): Change =>
  (record) => ({
    ...record,
    wrap: { ...record.wrap, ...change(record.wrap) },
  });

type Fault = readonly [name: string, check: string, change: Change];

/** The faults of a record that an author, or the service, can cause. */
const FAULTS: readonly Fault[] = [
  ['its wrap does not open', 'wrap', inWrap((w) => ({ wrappedKey: altered(w.wrappedKey, -1) }))],
  ['its capsule does not decode', 'capsule', inWrap(() => ({ capsule: toBase64url(new Uint8Array(105)) }))],
  ['its metadata is not the signed one', 'metadata', (r) => ({ ...r, metadata: altered(r.metadata, 0) })],
  [
    'its statement is not the listed one',
    'author',
    (r) => ({ ...r, statement: `${r.statement.slice(0, -86)}${altered(r.statement.slice(-86), 0)}` }),
  ],
];
const WRONG_FRAGMENT: Fault = [
  'its fragment is wrong',
  'cfrag',
  inWrap((w) => ({ cfrags: [altered(w.cfrags![0]!, 300)] })),
];

type Story = Awaited<ReturnType<typeof granted>>;

/** Makes the service change its answers about these records. */
const spoil = ({ service }: Story, bad: readonly RecordInfo[], change: Change): void => {
  const ids = bad.map((r) => r.record as string);
  service.state.lie = (route, answer: { readonly records: readonly Opened[] }) =>
    route === 'recapsulate'
      ? { ...answer, records: answer.records.map((r) => (ids.includes(r.record) ? change(r) : r)) }
      : undefined;
};

const refusedBy = async (open: Promise<unknown>): Promise<RefusedRecordsError> => {
  const error = await open.then(
    () => undefined,
    (e: unknown) => e,
  );
  expect(error).toBeInstanceOf(RefusedRecordsError);
  return error as RefusedRecordsError;
};

const textsOf = ({ opened }: RefusedRecordsError) =>
  Promise.all(opened.map(async (o) => fromUtf8(await readAll(o.stream()))));

describe.each([
  ['a recipient', (all: Story) => all.clinician.open(all.grant, all.records), [...FAULTS, WRONG_FRAGMENT]],
  ['the patient', (all: Story) => all.patient.open(all.records), FAULTS],
] as const)('%s gets the other records', (_, open, faults) => {
  test.each(faults)('if %s', async (_fault, check, change) => {
    const all = await granted();
    const [first, second, third] = all.records as [RecordInfo, RecordInfo, RecordInfo];
    spoil(all, [second], change);
    const error = await refusedBy(open(all));
    expect(error.refused).toEqual([
      { record: second, error: expect.objectContaining({ code: 'unverified', what: check }) },
    ]);
    expect([error.code, error.what, error.cause]).toEqual(['unverified', check, error.refused[0].error]);
    expect(error.opened.map((o) => o.record)).toEqual([first.record, third.record]);
    expect(await textsOf(error)).toEqual(['Hb 13.4 g/dL', 'film']);
  });

  test('in the order of the call, and the names of all that do not check', async () => {
    const all = await granted();
    const [first, second, third] = all.records as [RecordInfo, RecordInfo, RecordInfo];
    spoil(all, [first, third], FAULTS[0]![2]);
    const error = await refusedBy(open(all));
    expect(error.refused.map((r) => r.record)).toEqual([first, third]);
    expect(error.opened.map((o) => o.record)).toEqual([second.record]);
  });

  test('also none, if no record checks', async () => {
    const all = await granted();
    spoil(all, all.records, FAULTS[0]![2]);
    const error = await refusedBy(open(all));
    expect([error.refused.length, error.opened]).toEqual([3, []]);
  });
});

test('a refused record opens if the service answers rightly later', async () => {
  const all = await granted();
  const { clinician, grant, records, service } = all;
  spoil(all, [records[1]!], FAULTS[0]![2]);
  const { refused } = await refusedBy(clinician.open(grant, records));
  service.state.lie = () => undefined;
  const [opened] = await clinician.open(
    grant,
    refused.map((r) => r.record),
  );
  expect(fromUtf8(await readAll(opened!.stream()))).toBe('another');
});

test('an answer that the service did not sign refuses all records, without delivering any', async () => {
  const { clinician, grant, records, service } = await granted();
  service.state.lie = (route, answer: object) =>
    route === 'recapsulate' ? { ...answer, signed: undefined } : undefined;
  await expect(clinician.open(grant, records)).rejects.toMatchObject({ code: 'unverified', what: 'recapsulation' });
});

describe('records of three cells, if the service refuses the second cell,', () => {
  /** Files a record in each of three epochs, and grants a person two openings. */
  const setUp = async () => {
    const p = await people();
    const records: RecordInfo[] = [];
    for (const title of ['One', 'Two', 'Three']) {
      if (records.length > 0) await p.patient.startEpoch(p.folder.id);
      records.push(await p.patient.file(p.folder.id, utf8(title), { title }));
    }
    const person = createRecipient(p.optionsOf(3));
    await person.register();
    const input = { recipient: person.id, purpose: 'TREAT', durationSeconds: DAY, folders: [p.folder.id] } as const;
    const grantOf = async (openings: number) =>
      person.grant((await p.patient.grant({ ...input, openings }))[0].id, p.patient.id);
    const usedOf = async ({ id }: GrantWithCells) => (await p.patient.getGrant(id)).used;
    return { ...p, records: records as [RecordInfo, RecordInfo, RecordInfo], person, grantOf, usedOf };
  };

  test('are delivered as far as they were opened and counted, and the others are named', async () => {
    const { person, records, grantOf, usedOf } = await setUp();
    const [one, two, three] = records;
    const grant = await grantOf(1);
    const error = await refusedBy(person.open(grant, [two, one, three].toReversed()));
    expect(await usedOf(grant)).toBe(1);
    expect([error.code, error.what, (error.cause as AppError).code]).toEqual([
      'partly-opened',
      undefined,
      'grant-ended',
    ]);
    expect(error.opened.map((o) => o.record)).toEqual([three.record]);
    expect(await textsOf(error)).toEqual(['Three']);
    expect(error.refused).toEqual([one, two].map((record) => ({ record, error: error.cause })));
  });

  test('are not sent any more after it, and the refused ones can be opened later', async () => {
    const { state, person, records, grantOf, usedOf } = await setUp();
    const grant = await grantOf(4);
    let sent = 0;
    state.lie = (route) => (route === 'recapsulate' && (sent += 1) === 2 ? refusing(404, 'not-found') : undefined);
    const { refused, opened } = await refusedBy(person.open(grant, records));
    expect([sent, opened.length, await usedOf(grant)]).toEqual([2, 1, 2]);
    state.lie = undefined;
    const rest = await person.open(
      grant,
      refused.map((r) => r.record),
    );
    expect(rest.map((r) => r.record)).toEqual(records.slice(1).map((r) => r.record));
    expect(await usedOf(grant)).toBe(4);
  });

  test('are delivered with the check that its answer failed', async () => {
    const { state, person, records, grantOf } = await setUp();
    let sent = 0;
    state.lie = (route, said) =>
      route === 'recapsulate' && (sent += 1) === 2 ? { ...said, body: { ...said.body, signed: undefined } } : undefined;
    const error = await refusedBy(person.open(await grantOf(3), records));
    expect([error.code, error.what]).toEqual(['unverified', 'recapsulation']);
    expect([error.opened.length, error.refused.length]).toEqual([1, 2]);
  });

  test('are refused with the error of the service if it refuses the first cell', async () => {
    const { person, records, grantOf } = await setUp();
    const grant = await grantOf(1);
    await person.open(grant, records.slice(2));
    await expect(person.open(grant, records)).rejects.toMatchObject({ name: 'AppError', code: 'grant-ended' });
  });

  test('end with the reason of a signal that aborts meanwhile', async () => {
    const { state, person, records, grantOf } = await setUp();
    const controller = new AbortController();
    const reason = new Error('the user left');
    let sent = 0;
    state.lie = (route) => {
      if (route === 'recapsulate' && (sent += 1) === 2) controller.abort(reason);
      return undefined;
    };
    await expect(person.open(await grantOf(3), records, { signal: controller.signal })).rejects.toBe(reason);
    expect(sent).toBe(2);
  });
});
