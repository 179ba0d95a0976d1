// Tests records whose author is not the patient: a reader accepts one only if a grant of the patient gave the author the right to file it.
import { describe, expect, test } from '@jest/globals';
import { utf8 } from '../../lib/bytes/codec.ts';
import { newId, type FolderId, type RecordId } from '../../lib/bytes/ids.ts';
import { createRecipient } from '../../lib/client/index.ts';
import { deviceKeys } from '../../lib/identity/key-derivation.ts';
import type { Payload, Statement } from '../../lib/statements/kinds.ts';
import { claimOf, reloadStatement } from '../../lib/statements/verify.ts';
import { fill } from '../statements/samples.ts';
import { KEYS, refusal } from './clients.ts';
import { signNow } from './lying-service.ts';
import { granted } from './main-job-story.ts';
import { DAY, people } from './people.ts';

interface Filed {
  readonly grant?: Partial<Payload<'grant'>>;
  readonly record?: Partial<Payload<'record'>>;
  /** Signs the grant. Default: the patient. */
  readonly by?: (typeof KEYS)[keyof typeof KEYS];
  /** Returns the grant that the service shows. Default: the grant that the record names. */
  readonly shown?: (grant: Statement<'grant'>) => string | undefined;
  /** True if the patient's client gives the grant. Default: a grant that is not in the patient's chain of statements. */
  readonly isGiven?: true;
}

/** The service lists one record of the stranger, with a grant to add. Returns the verdicts of patient and clinician. */
const verdictsOn = async ({
  grant: terms,
  record: claims,
  by = KEYS.patient,
  shown = (g) => g.jws,
  isGiven,
}: Filed) => {
  const { patient, clinician, service, optionsOf, grant, first, record } = await granted();
  const { cells, request: _, ...rest } = grant.statement.payload;
  const cell = { ...cells[0]!, kfrags: [] };
  const toAdd: Payload<'grant'> = { ...rest, grant: newId(), recipient: KEYS.stranger.id, right: 'add', cells: [cell] };
  const give = async () => {
    await createRecipient(optionsOf('stranger')).register();
    const to = { recipient: KEYS.stranger.id, folders: [first.id], right: 'add' } as const;
    const [{ statement }] = await patient.grant({ ...to, purpose: 'TREAT', durationSeconds: DAY });
    return statement;
  };
  const given = isGiven === true ? await give() : signNow('grant', { ...toAdd, ...terms }, by);
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
  return [
    await refusal(() => patient.listRecords(first.id)),
    await refusal(() => clinician.listRecords(grant, first.id)),
  ];
};
const REFUSED = ['unverified author', 'unverified author'];

describe('a record of another author', () => {
  test('is accepted with a grant to add that covers it', async () => {
    expect(await verdictsOn({ isGiven: true })).toEqual(['accepted', 'accepted']);
  });

  test('is refused by the patient only, if the patient signed the grant and its chain does not have it', async () => {
    expect(await verdictsOn({})).toEqual(['unverified author', 'accepted']);
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
    expect(await verdictsOn(filed)).toEqual(REFUSED);
  });

  test('is refused with a grant for another folder', async () => {
    const { grant } = await granted();
    const cell = { ...grant.statement.payload.cells[0]!, folder: newId<FolderId>(), kfrags: [] };
    expect(await verdictsOn({ grant: { cells: [cell] } })).toEqual(REFUSED);
  });
});

describe('a record under a void grant', () => {
  /** The service refuses a grant to add, keeps it, and shows a record that its recipient signed. The next act of the patient names the grant as void. */
  const voided = async () => {
    const all = await people();
    const { state, saved, optionsOf, patient, folder } = all;
    const author = createRecipient(optionsOf(3));
    await author.register();
    const own = await patient.file(folder.id, utf8('one'), {});
    const to = { recipient: author.id, folders: [folder.id], right: 'add' } as const;
    state.refuse = 'grant-access';
    expect(await refusal(() => patient.grant({ ...to, purpose: 'TREAT', durationSeconds: DAY }))).toBe(
      'request-closed',
    );
    state.refuse = undefined;
    await patient.createFolder({ name: 'Other', category: 'other' });
    expect(await patient.listGrants()).toEqual([]);
    const pending = saved.flatMap((m) => m.pending).flatMap((p) => p.statements);
    const given = reloadStatement(
      'grant',
      pending.find((jws) => claimOf(jws).kind === 'grant')!,
    );
    const grant = { id: given.payload.grant, hash: given.hash };
    const { payload } = own.statement;
    const statement = signNow('record', { ...payload, author: author.id, grant }, deviceKeys(fill(3, 32)));
    const shown = (view: object) => ({ ...view, statement: statement.jws, grant: given.jws });
    state.lie = (route, { status, body }) => {
      if (route === 'list-records' || route === 'recapsulate')
        return { status, body: { ...body, records: body.records.map(shown) } };
      return route === 'get-record' ? { status, body: { ...body, versions: body.versions.map(shown) } } : undefined;
    };
    return { ...all, info: { ...own, author: author.id, grant: given, statement } };
  };
  type Voided = Awaited<ReturnType<typeof voided>>;

  test.each<[string, (all: Voided) => unknown]>([
    ['listRecords', ({ patient, folder }) => patient.listRecords(folder.id)],
    ['listVersions', ({ patient, info }) => patient.listVersions(info.record)],
    ['open', ({ patient, info }) => patient.open([info])],
  ])('is refused by %s of the patient', async (_, call) => {
    const all = await voided();
    expect(await refusal(() => call(all))).toBe('unverified author');
  });
});

test('a record under a grant that another device gave is accepted after the client has read the chain again', async () => {
  const { optionsOf, patient, device, folder } = await people();
  const author = createRecipient(optionsOf(3));
  await author.register();
  await patient.listRecords(folder.id);
  const to = { recipient: author.id, folders: [folder.id], right: 'add' } as const;
  const [{ id }] = await device().grant({ ...to, purpose: 'TREAT', durationSeconds: DAY });
  const { record } = await author.file(await author.grant(id, patient.id), utf8('one'), {});
  expect(await patient.listVersions(record)).toMatchObject([{ record, author: author.id }]);
});
