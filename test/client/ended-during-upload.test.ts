// Tests filings during which a grant ends or an epoch begins: when the upload has ended, the client wraps the file key for a cell that no ended grant can read.
import { describe, expect, test } from '@jest/globals';
import { utf8 } from '../../lib/bytes/codec.ts';
import { createRecipient } from '../../lib/client/index.ts';
import { DAY, people } from './people.ts';

/** A body that does something while it is read. */
async function* during(act: () => unknown) {
  yield utf8('begun');
  await act();
  yield utf8('and ended');
}

const setUp = async () => {
  const p = await people();
  const { service, patient, folder } = p;
  const grant = await p.give();
  const file = (act: () => unknown) => patient.file(folder.id, during(act), {});
  /** The routes that were called after the upload. */
  const afterUpload = () => service.calls.slice(service.calls.lastIndexOf('upload-parts') + 1);
  return { ...p, grant, file, afterUpload };
};

describe('a filing of the patient', () => {
  test('uses no cell of a grant that the patient revoked during the upload', async () => {
    const { patient, grant, file } = await setUp();
    expect((await file(() => patient.revoke(grant))).epoch).toBe(2);
  });

  test('uses no cell of a grant that expired during the upload', async () => {
    const { state, grant, file } = await setUp();
    state.now = grant.expires - 1;
    const expire = () => {
      state.now = grant.expires;
    };
    expect((await file(expire)).epoch).toBe(2);
  });

  test('uses the newest cell if the patient closed the cell during the upload, and never wraps for the old one', async () => {
    const { patient, folder, file, afterUpload } = await setUp();
    expect((await file(() => patient.startEpoch(folder.id))).epoch).toBe(2);
    expect(afterUpload()).toEqual(['commit-record']);
  });

  test('makes no further call if nothing ended', async () => {
    const { file, afterUpload } = await setUp();
    expect((await file(() => undefined)).epoch).toBe(1);
    expect(afterUpload()).toEqual(['commit-record']);
  });

  test('closes the newest cell too, if another device began it and then revoked the grant', async () => {
    const { device, folder, grant, file } = await setUp();
    const other = device();
    const end = async () => {
      await other.startEpoch(folder.id);
      await other.revoke(grant);
    };
    expect((await file(end)).epoch).toBe(3);
  });
});

test('a filing of an author uses the newest epoch that the author saw during the upload, and never wraps for the old one', async () => {
  const { patient, clinician, folder, afterUpload, optionsOf } = await setUp();
  const terms = { recipient: clinician.id, folders: [folder.id], purpose: 'TREAT', durationSeconds: DAY } as const;
  const [grant] = await patient.grant({ ...terms, right: 'add' });
  const options = optionsOf(2);
  let uploads = 0;
  const author = createRecipient({
    ...options,
    fetch: async (input, init) => {
      const request = new Request(input, init);
      const answer = await options.fetch!(request);
      if (request.url.startsWith('https://blobs.test')) {
        uploads += 1;
        await patient.startEpoch(folder.id);
        await author.grant(grant.id);
      }
      return answer;
    },
  });
  expect((await author.file(grant, new Uint8Array(1), {})).epoch).toBe(2);
  expect(uploads).toBe(1);
  expect(afterUpload().filter((route) => route === 'commit-record')).toHaveLength(1);
});
