// Tests that no text of an author reaches a reader as a path or as terminal output: in lists, in opened records and in the messages of requests.
import { existsSync } from 'node:fs';
import { mkdir, mkdtemp, readdir, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import { fromUtf8, utf8 } from '../../../lib/bytes/codec.ts';
import { intoFile, uniqueNames, type Metadata } from '../../../lib/client/node.ts';
import { DAY, people } from '../people.ts';

let home = '';
beforeAll(async () => {
  home = await mkdtemp(join(tmpdir(), 'hostile-names-'));
});
afterAll(() => rm(home, { recursive: true }));

/** Files records with these metadata, and returns the lists and opened records of a clinician. */
const filed = async (all: readonly Metadata[]) => {
  const { patient, clinician, folder, give, state } = await people();
  for (const metadata of all) {
    await patient.file(folder.id, utf8('export PATH=/evil'), metadata);
    // Lists are in the order of time.
    state.now += 1000;
  }
  const grant = await clinician.grant((await give()).id, patient.id);
  const listed = await clinician.listRecords(grant, folder.id);
  return { listed, opened: await clinician.open(grant, listed), patient, clinician, folder };
};

test('a record that was filed as ../.bashrc is saved inside the folder of the reader', async () => {
  const folder = join(home, 'opened');
  await mkdir(folder);
  await writeFile(join(home, '.bashrc'), 'mine');
  const { opened } = await filed([{ fileName: '../.bashrc' }, { fileName: '../.BASHRC' }, {}]);
  const nameOf = uniqueNames(await readdir(folder));
  for (const { safeName, save } of opened) await save(intoFile(join(folder, nameOf(safeName))));
  expect(await readFile(join(home, '.bashrc'), 'utf8')).toBe('mine');
  const unnamed = `record-${opened[2]!.record}`;
  expect((await readdir(folder)).toSorted()).toEqual(['_BASHRC (2)', '_bashrc', unnamed].toSorted());
  expect(existsSync(join(home, '.BASHRC'))).toBe(false);
});

const HOSTILE = {
  fileName: '../a\nb\u202e\u001b[2J.txt',
  mediaType: 'text/plain\r\nSet-Cookie: a=b',
  title: 'Letter\u001b]0;owned\u0007\n\u202e2 records',
  clinicalDate: '2025\u0000',
  category: '\u200b',
};

describe('hostile texts', () => {
  test('are safe in lists and opened records, and stay apart as the claim of the author', async () => {
    const { listed, opened } = await filed([HOSTILE]);
    const texts = {
      mediaType: 'text/plain Set-Cookie: a=b',
      title: 'Letter\ufffd]0;owned\ufffd \ufffd2 records',
      clinicalDate: '2025\ufffd',
    };
    expect(listed[0]!.label).toEqual({ ...texts, claimed: HOSTILE });
    expect(opened[0]!.metadata).toEqual({ ...texts, length: 17, claimed: { ...HOSTILE, length: 17 } });
    for (const { safeName } of [...listed, ...opened]) expect(safeName).toBe('_a b_[2J.txt');
    expect(opened[0]!.labelDiffers).toEqual([]);
  });

  test('in the message of a request are safe to show', async () => {
    const { patient, clinician, folder } = await filed([]);
    const terms = { patient: patient.id, folders: [folder.id], purpose: 'TREAT', durationSeconds: DAY } as const;
    await clinician.request({ ...terms, message: 'Dear patient,\n\u001b[8mhidden\u202e' });
    expect((await patient.listRequests('pending')).map((r) => r.message)).toEqual([
      'Dear patient,\n\ufffd[8mhidden\ufffd',
    ]);
  });

  test('of a version opened later name the file by its sealed metadata, even if the label has another name', async () => {
    const long = `${'x'.repeat(200)}.pdf`;
    const { listed, opened } = await filed([{ fileName: long }]);
    expect(listed[0]!.safeName).not.toBe(opened[0]!.safeName);
    expect(opened[0]!.safeName).toBe(`${'x'.repeat(136)}.pdf`);
    expect(fromUtf8(new Uint8Array(await new Response(opened[0]!.stream()).arrayBuffer()))).toContain('evil');
  });
});
