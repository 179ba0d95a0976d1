// Tests the main job with the public clients: filing, requesting, approving, opening, revoking and deleting.
import { describe, expect, test } from '@jest/globals';
import { fromUtf8, utf8 } from '../../lib/bytes/codec.ts';
import type { FolderId } from '../../lib/bytes/ids.ts';
import { createPatient, createRecipient, importMemory } from '../../lib/client/index.ts';
import { pendingRequest, DAY, granted, people, readAll, TEXT } from './main-job-story.ts';
import { KEYS, refusal } from './clients.ts';

test('the clinician opens a record that the patient filed and granted', async () => {
  const { clinician, grant, first, record, patient } = await granted();
  const [opened] = await clinician.open(grant, [record]);
  expect(await readAll(opened!.stream())).toEqual(TEXT);
  expect(opened!.safeName).toBe('blood.txt');
  expect(opened!.metadata.length).toBe(TEXT.length);
  expect(await clinician.listRecords(grant, first.id)).toHaveLength(2);
  expect((await patient.audit()).at(-1)).toMatchObject({ kind: 'records-opened', actor: clinician.id });
});

test('opens records of several cells with one opening per cell, and returns them in the order asked for', async () => {
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

test('the patient opens its own records without asking for the cells, which the chain has', async () => {
  const { patient, records, service } = await granted();
  const before = service.calls.length;
  const opened = await patient.open(records.slice(0, 2));
  expect(await readAll(opened[0]!.stream())).toEqual(TEXT);
  expect(service.calls.slice(before)).toEqual(['recapsulate']);
});

test('downloads nothing before a stream is read, and downloads again for each stream', async () => {
  const { clinician, grant, record, sent } = await granted();
  const [opened] = await clinician.open(grant, [record]);
  const downloads = () => sent.filter((s) => s.url.host.startsWith('storage') && s.method === 'GET').length;
  opened!.stream();
  expect(downloads()).toBe(0);
  await readAll(opened!.stream());
  await readAll(opened!.stream());
  expect(downloads()).toBe(2);
});

test('renews an expired URL with the same opening, which is counted once', async () => {
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

test('a revoked grant opens nothing', async () => {
  const { clinician, patient, grant, record } = await granted();
  expect((await patient.revoke(grant)).state).toBe('revoked');
  expect(await refusal(() => clinician.open(grant, [record]))).toBe('grant-ended');
  expect((await patient.listGrants()).map((g) => g.state)).toEqual(['revoked']);
});

test('reports progress per record', async () => {
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

  test('refuses a folder of another patient', async () => {
    const { patient } = await people();
    expect(await refusal(() => patient.file('a'.repeat(26) as FolderId, TEXT, {}))).toBe('not-mine');
  });

  test('refuses metadata that cannot be sealed before anything is sent', async () => {
    const { patient, service } = await people();
    const folder = await patient.createFolder({ name: 'x', category: 'other' });
    expect(await refusal(() => patient.file(folder.id, TEXT, { title: 'x'.repeat(5000) }))).toBe('bad-argument');
    expect(await refusal(() => patient.file(folder.id, TEXT, { title: 7 } as never))).toBe('bad-argument');
    expect(service.calls).not.toContain('begin-upload');
  });

  test.each<unknown>(['private text', '', 7, undefined, null, ['private text'], {}, new ArrayBuffer(3)])(
    'refuses the content %j, which is no bytes, without repeating it',
    async (content) => {
      const { patient, service } = await people();
      const folder = await patient.createFolder({ name: 'x', category: 'other' });
      const error = await patient.file(folder.id, content as never, {}).catch((e: unknown) => e);
      expect(error).toMatchObject({ name: 'ClientError', code: 'bad-argument' });
      expect((error as Error).cause).toBeUndefined();
      expect((error as Error).message).not.toContain('private');
      expect((error as Error).message).toContain(typeof content === 'string' ? 'new Blob([text])' : 'Uint8Array');
      expect(service.calls).not.toContain('begin-upload');
    },
  );

  test('refuses a folder name that cannot be sealed before anything is sent', async () => {
    const { patient, service } = await people();
    const create = () => patient.createFolder({ name: 'x'.repeat(1014), category: 'other' });
    expect(await refusal(create)).toBe('bad-argument');
    expect(service.calls).not.toContain('create-folder');
  });

  test.each(['begin-upload', 'commit-record'] as const)(
    'does not upload the blob again if the folder begins a new epoch before %s',
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
  test('grants what was requested by default', async () => {
    const story = await people();
    const { patient, now } = { ...story, now: story.clock() };
    const folder = await patient.createFolder({ name: 'x', category: 'other' });
    const [grant] = await patient.approve(await pendingRequest(story, [folder.id]), { unverifiedRecipient: true });
    expect(grant).toMatchObject({ purpose: 'TREAT', folders: [folder.id], expires: now + 30 * DAY * 1000, used: 0 });
    expect(grant.statement.payload.openings).toBeUndefined();
  });

  test('grants less if the options say so', async () => {
    const story = await people();
    const { patient } = story;
    const [a, b] = [
      await patient.createFolder({ name: 'a', category: 'other' }),
      await patient.createFolder({ name: 'b', category: 'other' }),
    ];
    const request = await pendingRequest(story, [a.id, b.id]);
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

  test('never grants more than was requested', async () => {
    const story = await people();
    const { patient } = story;
    const [a, b] = [
      await patient.createFolder({ name: 'a', category: 'other' }),
      await patient.createFolder({ name: 'b', category: 'other' }),
    ];
    const request = await pendingRequest(story, [a.id], DAY);
    expect(await refusal(() => patient.approve(request, { folders: [b.id], unverifiedRecipient: true }))).toBe(
      'exceeds-request',
    );
    expect(await refusal(() => patient.approve(request, { durationSeconds: DAY + 1, unverifiedRecipient: true }))).toBe(
      'exceeds-request',
    );
    expect(story.service.calls).not.toContain('approve-request');
  });

  test('grants folders of the patient only', async () => {
    const story = await people();
    const request = await pendingRequest(story, ['a'.repeat(26) as FolderId]);
    expect(await refusal(() => story.patient.approve(request, { unverifiedRecipient: true }))).toBe('not-mine');
  });

  test('refuses a grant to oneself and a grant for no time', async () => {
    const { patient, clinician } = await people();
    const folder = await patient.createFolder({ name: 'a', category: 'other' });
    const grantInput = { recipient: patient.id, folders: [folder.id], purpose: 'TREAT' as const, durationSeconds: DAY };
    expect(await refusal(() => patient.grant(grantInput))).toBe('bad-argument');
    expect(await refusal(() => patient.grant({ ...grantInput, recipient: clinician.id, durationSeconds: 0 }))).toBe(
      'bad-argument',
    );
  });

  test('denies a request', async () => {
    const story = await people();
    const folder = await story.patient.createFolder({ name: 'a', category: 'other' });
    await story.patient.deny(await pendingRequest(story, [folder.id]), 'unknown-recipient');
    expect((await story.clinician.listRequests()).map((r) => r.state)).toEqual(['denied']);
  });

  test('refuses a request to oneself, for no folders, or with too long a wait', async () => {
    const { clinician, patient } = await people();
    const requestInput = { folders: ['a'.repeat(26) as FolderId], purpose: 'TREAT' as const, durationSeconds: DAY };
    expect(await refusal(() => clinician.request({ ...requestInput, patient: clinician.id }))).toBe('bad-argument');
    expect(await refusal(() => clinician.request({ ...requestInput, patient: patient.id, folders: [] }))).toBe(
      'bad-payload',
    );
    expect(
      await refusal(() => clinician.request({ ...requestInput, patient: patient.id, waitSeconds: 100 * DAY })),
    ).toBe('bad-argument');
  });
});

test('a client that imports the memory of another refuses what is older than that memory', async () => {
  const { patient, optionsOf, service, first } = await granted();
  const memory = importMemory(patient.id, JSON.parse(JSON.stringify(patient.memory.export())));
  const again = createPatient(optionsOf('patient', { memory }));
  expect((await again.listFolders()).map((f) => f.name)).toEqual(['Blood', 'Chest']);
  service.nextEpoch(first.id, KEYS.patient);
  await again.listFolders();
  service.entries.get(patient.id)!.pop();
  expect(await refusal(() => again.listFolders())).toBe('rolled-back chain');
});

test('a deleted record is not listed and cannot be opened', async () => {
  const { patient, clinician, grant, first, record } = await granted();
  await patient.deleteRecord(record);
  expect(await patient.listRecords(first.id)).toHaveLength(1);
  expect(await refusal(() => clinician.open(grant, [record]))).toBe('not-found');
});

test('a stranger who knows every id cannot use them', async () => {
  const { optionsOf, grant, record } = await granted();
  const stranger = createRecipient(optionsOf('stranger'));
  await stranger.register();
  expect(await refusal(() => stranger.grant(grant.id))).toBe('not-mine');
  // This service answers every caller, and the stranger still cannot open the record.
  expect(await refusal(() => stranger.open(grant, [record]))).toBe('unverified companion');
});
