import { describe, expect, test } from '@jest/globals';
import { fromUtf8, utf8 } from '../../lib/bytes/codec.ts';
import type { FolderId } from '../../lib/bytes/ids.ts';
import { createPatient, createRecipient, importMemory } from '../../lib/client/index.ts';
import { asked, DAY, granted, people, readAll, TEXT } from './main-job-story.ts';
import { KEYS, refusal } from './clients.ts';

test('a record goes from the patient to the clinician', async () => {
  const { clinician, grant, first, record, patient } = await granted();
  const [opened] = await clinician.open(grant, [record]);
  expect(await readAll(opened!.stream())).toEqual(TEXT);
  expect(opened!.metadata).toEqual({ length: TEXT.length, fileName: 'blood.txt' });
  expect(await clinician.listRecords(grant, first.id)).toHaveLength(2);
  expect((await patient.audit()).at(-1)).toMatchObject({ kind: 'records-opened', actor: clinician.id });
});

test('records of several cells are opened by an opening each, in the order asked for', async () => {
  const { clinician, grant, records, service } = await granted();
  const [a, b, c] = records;
  const before = service.calls.length;
  const opened = await clinician.open(grant, [c!, a!, b!]);
  expect(opened.map((o) => o.record)).toEqual([c!.record, a!.record, b!.record]);
  expect(await Promise.all(opened.map(async (o) => fromUtf8(await readAll(o.stream()))))).toEqual([
    'film',
    'Hb 13.4 g/dL',
    'another',
  ]);
  expect(service.calls.slice(before).filter((call) => call === 'recapsulate')).toHaveLength(2);
});

test('the patient opens its own, and asks for its folders once', async () => {
  const { patient, records, service } = await granted();
  const before = service.calls.length;
  const opened = await patient.open(records.slice(0, 2));
  expect(await readAll(opened[0]!.stream())).toEqual(TEXT);
  expect(service.calls.slice(before)).toEqual(['list-cells', 'recapsulate']);
});

test('nothing is downloaded before a stream is read, and every stream starts anew', async () => {
  const { clinician, grant, record, sent } = await granted();
  const [opened] = await clinician.open(grant, [record]);
  const downloads = () => sent.filter((s) => s.url.host.startsWith('storage') && s.method === 'GET').length;
  opened!.stream();
  expect(downloads()).toBe(0);
  await readAll(opened!.stream());
  await readAll(opened!.stream());
  expect(downloads()).toBe(2);
});

test('an expired URL is renewed by the same opening, which is not counted twice', async () => {
  const { clinician, grant, record, service, patient } = await granted();
  const [opened] = await clinician.open(grant, [record]);
  let expired = true;
  service.state.storage = () => {
    if (!expired) return undefined;
    expired = false;
    return new Response('', { status: 403 });
  };
  expect(await readAll(opened!.stream())).toEqual(TEXT);
  const trail = await patient.audit();
  expect(trail.filter((e) => e.kind === 'records-opened')).toHaveLength(1);
});

test('a grant that was revoked opens nothing', async () => {
  const { clinician, patient, grant, record } = await granted();
  expect((await patient.revoke(grant)).state).toBe('revoked');
  expect(await refusal(() => clinician.open(grant, [record]))).toBe('grant-ended');
  expect((await patient.listGrants()).map((g) => g.state)).toEqual(['revoked']);
});

test('progress is told per record', async () => {
  const { clinician, grant, record } = await granted();
  const seen: [string, number][] = [];
  const [opened] = await clinician.open(grant, [record], {
    onProgress: (r, { receivedBytes }) => seen.push([r.record, receivedBytes]),
  });
  await readAll(opened!.stream());
  expect(seen.at(-1)).toEqual([record.record, record.length]);
});

describe('filing', () => {
  test('takes bytes, blobs and streams', async () => {
    const { patient } = await people();
    const folder = await patient.createFolder({ name: 'x', category: 'other' });
    const contents = [TEXT, new Blob([TEXT as BlobPart]), new Blob([TEXT as BlobPart]).stream()];
    for (const content of contents) {
      const record = await patient.file(folder.id, content, {});
      const [opened] = await patient.open([record]);
      expect(await readAll(opened!.stream())).toEqual(TEXT);
    }
  });

  test('a folder of somebody else is not filed in', async () => {
    const { patient } = await people();
    expect(await refusal(() => patient.file('a'.repeat(26) as FolderId, TEXT, {}))).toBe('not-mine');
  });

  test('metadata that cannot be sealed is refused before anything is sent', async () => {
    const { patient, service } = await people();
    const folder = await patient.createFolder({ name: 'x', category: 'other' });
    expect(await refusal(() => patient.file(folder.id, TEXT, { title: 'x'.repeat(5000) }))).toBe('bad-argument');
    expect(await refusal(() => patient.file(folder.id, TEXT, { title: 7 } as never))).toBe('bad-argument');
    expect(service.calls).not.toContain('begin-upload');
  });

  test('a name that cannot be sealed is refused before anything is sent', async () => {
    const { patient, service } = await people();
    const create = () => patient.createFolder({ name: 'x'.repeat(1000), category: 'other' });
    expect(await refusal(create)).toBe('bad-argument');
    expect(service.calls).not.toContain('create-folder');
  });

  test.each(['begin-upload', 'commit-record'] as const)(
    'when the folder begins a new epoch before %s, the blob is not sent again',
    async (route) => {
      const { patient, service, first, optionsOf } = await granted();
      let moved = false;
      service.state.before = (called) => {
        if (called === route && !moved) {
          moved = true;
          service.nextEpoch(first.id, KEYS.patient);
        }
        return undefined;
      };
      const puts = service.puts.length;
      const record = await patient.file(first.id, utf8('later'), {});
      expect(record.epoch).toBe(2);
      expect(service.puts.length - puts).toBe(1);
      service.state.before = () => undefined;
      const again = createPatient(optionsOf('patient'));
      const [opened] = await again.open([record]);
      expect(fromUtf8(await readAll(opened!.stream()))).toBe('later');
    },
  );
});

describe('approving', () => {
  test('gives what was asked unless told otherwise', async () => {
    const story = await people();
    const { patient, now } = { ...story, now: story.clock() };
    const folder = await patient.createFolder({ name: 'x', category: 'other' });
    const [grant] = await patient.approve(await asked(story, [folder.id]), { unverifiedRecipient: true });
    expect(grant).toMatchObject({ purpose: 'TREAT', folders: [folder.id], expires: now + 30 * DAY * 1000, used: 0 });
    expect(grant.statement.payload.openings).toBeUndefined();
  });

  test('gives less when told so', async () => {
    const story = await people();
    const { patient } = story;
    const [a, b] = [
      await patient.createFolder({ name: 'a', category: 'other' }),
      await patient.createFolder({ name: 'b', category: 'other' }),
    ];
    const request = await asked(story, [a.id, b.id]);
    const [grant] = await patient.approve(request, {
      folders: [b.id],
      durationSeconds: DAY,
      openings: 3,
      unverifiedRecipient: true,
    });
    expect(grant.folders).toEqual([b.id]);
    expect(grant.expires).toBe(story.clock() + DAY * 1000);
    expect(grant.statement.payload.openings).toBe(3);
  });

  test('never gives more', async () => {
    const story = await people();
    const { patient } = story;
    const [a, b] = [
      await patient.createFolder({ name: 'a', category: 'other' }),
      await patient.createFolder({ name: 'b', category: 'other' }),
    ];
    const request = await asked(story, [a.id], DAY);
    expect(await refusal(() => patient.approve(request, { folders: [b.id], unverifiedRecipient: true }))).toBe(
      'exceeds-request',
    );
    expect(await refusal(() => patient.approve(request, { durationSeconds: DAY + 1, unverifiedRecipient: true }))).toBe(
      'exceeds-request',
    );
    expect(story.service.calls).not.toContain('approve-request');
  });

  test('gives folders of its own only', async () => {
    const story = await people();
    const request = await asked(story, ['a'.repeat(26) as FolderId]);
    expect(await refusal(() => story.patient.approve(request, { unverifiedRecipient: true }))).toBe('not-mine');
  });

  test('nothing can be given to oneself, or for no time', async () => {
    const { patient, clinician } = await people();
    const folder = await patient.createFolder({ name: 'a', category: 'other' });
    const gift = { recipient: patient.id, folders: [folder.id], purpose: 'TREAT' as const, durationSeconds: DAY };
    expect(await refusal(() => patient.grant(gift))).toBe('bad-argument');
    expect(await refusal(() => patient.grant({ ...gift, recipient: clinician.id, durationSeconds: 0 }))).toBe(
      'bad-argument',
    );
  });

  test('a request can be denied', async () => {
    const story = await people();
    const folder = await story.patient.createFolder({ name: 'a', category: 'other' });
    await story.patient.deny(await asked(story, [folder.id]), 'unknown-recipient');
    expect((await story.clinician.listRequests()).map((r) => r.state)).toEqual(['denied']);
  });

  test('one cannot ask oneself, or for nothing', async () => {
    const { clinician, patient } = await people();
    const wish = { folders: ['a'.repeat(26) as FolderId], purpose: 'TREAT' as const, durationSeconds: DAY };
    expect(await refusal(() => clinician.request({ ...wish, patient: clinician.id }))).toBe('bad-argument');
    expect(await refusal(() => clinician.request({ ...wish, patient: patient.id, folders: [] }))).toBe('bad-payload');
    expect(await refusal(() => clinician.request({ ...wish, patient: patient.id, waitSeconds: 100 * DAY }))).toBe(
      'bad-argument',
    );
  });
});

test('what was seen is known to the next client of the same person', async () => {
  const { patient, optionsOf, service, first } = await granted();
  const memory = importMemory(patient.id, JSON.parse(JSON.stringify(patient.memory.export())));
  const again = createPatient(optionsOf('patient', { memory }));
  expect((await again.listFolders()).map((f) => f.name)).toEqual(['Blood', 'Chest']);
  service.nextEpoch(first.id, KEYS.patient);
  await again.listFolders();
  service.folders.get(first.id)!.pop();
  expect(await refusal(() => again.listFolders())).toBe('rolled-back folder');
});

test('deleting takes the record out of the lists', async () => {
  const { patient, clinician, grant, first, record } = await granted();
  await patient.deleteRecord(record);
  expect(await patient.listRecords(first.id)).toHaveLength(1);
  expect(await refusal(() => clinician.open(grant, [record]))).toBe('not-found');
});

test('a stranger with every id has no use of them', async () => {
  const { optionsOf, grant, record } = await granted();
  const stranger = createRecipient(optionsOf('stranger'));
  await stranger.register();
  expect(await refusal(() => stranger.grant(grant.id))).toBe('not-mine');
  // Even from a service that answers whoever asks.
  expect(await refusal(() => stranger.open(grant, [record]))).toBe('unverified wrap');
});
