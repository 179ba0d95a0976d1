// Tests an opening in which the client refuses some records: the error names these records, and contains the other records, opened.
import { describe, expect, test } from '@jest/globals';
import { fromBase64url, fromUtf8, toBase64url } from '../../lib/bytes/codec.ts';
import { RefusedRecordsError, type RecordInfo } from '../../lib/client/index.ts';
import { granted, readAll } from './main-job-story.ts';

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
