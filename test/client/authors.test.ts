// Tests records whose author is not the patient: a reader accepts one only if a grant of the patient gave the author the right to file it.
import { describe, expect, test } from '@jest/globals';
import { newId, type FolderId, type RecordId } from '../../lib/bytes/ids.ts';
import type { Payload, Statement } from '../../lib/statements/kinds.ts';
import { KEYS, refusal } from './clients.ts';
import { signNow } from './lying-service.ts';
import { granted } from './main-job-story.ts';

interface Filed {
  readonly grant?: Partial<Payload<'grant'>>;
  readonly record?: Partial<Payload<'record'>>;
  /** Signs the grant. Default: the patient. */
  readonly by?: (typeof KEYS)[keyof typeof KEYS];
  /** Returns the grant that the service shows. Default: the grant that the record names. */
  readonly shown?: (grant: Statement<'grant'>) => string | undefined;
}

/** The service lists one record of the stranger, with a grant to add. Returns the verdict of patient and clinician, which must be the same. */
const verdictOn = async ({ grant: terms, record: claims, by = KEYS.patient, shown = (g) => g.jws }: Filed) => {
  const { patient, clinician, service, grant, first, record } = await granted();
  const { cells, request: _, ...rest } = grant.statement.payload;
  const cell = { ...cells[0]!, kfrags: [] };
  const toAdd: Payload<'grant'> = { ...rest, grant: newId(), recipient: KEYS.stranger.id, right: 'add', cells: [cell] };
  const given = signNow('grant', { ...toAdd, ...terms }, by);
  const payload: Payload<'record'> = {
    ...record.statement.payload,
    record: newId<RecordId>(),
    author: KEYS.stranger.id,
    grant: { id: given.payload.grant, hash: given.hash },
    created: given.payload.expires - 1,
    ...claims,
  };
  const filed = signNow('record', payload, KEYS.stranger);
  const { metadata } = service.records.get(record.record)!;
  const view = { statement: filed.jws, state: 'committed', metadata };
  const named = shown(given);
  service.state.lie = (route, answer) =>
    route === 'list-records'
      ? { records: [...answer.records, { ...view, ...(named === undefined ? {} : { grant: named }) }] }
      : undefined;
  const verdict = await refusal(() => patient.listRecords(first.id));
  expect(await refusal(() => clinician.listRecords(grant, first.id))).toBe(verdict);
  return verdict;
};

describe('a record of another author', () => {
  test('is accepted with a grant to add that covers it', async () => {
    expect(await verdictOn({})).toBe('accepted');
  });

  test.each<[string, Filed]>([
    ['without a grant', { shown: () => undefined }],
    ['with a grant that the patient did not sign', { by: KEYS.stranger }],
    ['with a grant for another recipient', { grant: { recipient: KEYS.clinician.id } }],
    ['with a grant to write, which allows later versions only', { grant: { right: 'write' } }],
    ['with a later version under a grant to add', { record: { version: 2, previous: 'A'.repeat(43) } }],
    [
      'if it was made at the end of the grant',
      { grant: { expires: 9_000_000_000_000 }, record: { created: 9_000_000_000_000 } },
    ],
    [
      'with another grant than it names',
      { shown: ({ payload }) => signNow('grant', { ...payload, issued: 1 }, KEYS.patient).jws },
    ],
  ])('is refused %s', async (_, filed) => {
    expect(await verdictOn(filed)).toBe('unverified author');
  });

  test('is refused with a grant for another folder', async () => {
    const { grant } = await granted();
    const cell = { ...grant.statement.payload.cells[0]!, folder: newId<FolderId>(), kfrags: [] };
    expect(await verdictOn({ grant: { cells: [cell] } })).toBe('unverified author');
  });
});
