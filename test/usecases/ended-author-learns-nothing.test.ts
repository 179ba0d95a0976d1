// Tests that an author whose right to file has ended does not see later epochs of the folder: neither their start nor their keys.
import { expect, test } from '@jest/globals';
import { DAY } from '../../lib/domain/time.ts';
import { delegated, epochAfter, grantOf, NOW, patient, recipient, revocationOf } from './people.ts';
import { clinic, putFolder, send } from './clinic.ts';

const setUp = async () => {
  const w = await clinic();
  const { cell } = delegated(patient, w.folder, recipient);
  const grant = await grantOf([w.folder], { right: 'add', cells: [{ ...cell, kfrags: [] }], kfrags: [] });
  const grantId = grant.statement.payload.grant;
  await send(w, 'grant-access', patient, { params: { grantId }, body: grant.body });
  return { w, grant, grantId };
};

test('get-grant shows the first epoch only after a revocation', async () => {
  const { w, grant, grantId } = await setUp();
  const revocation = await revocationOf(grant.statement);
  await send(w, 'revoke-grant', patient, { params: { grantId }, body: { statement: revocation.jws } });
  const later = await epochAfter(patient, w.folder);
  await putFolder(w, patient, later);
  const { cells } = await send(w, 'get-grant', recipient, { params: { grantId } });
  expect(cells).toEqual([{ folder: w.folder.jws }]);
});

test('get-grant shows the first epoch only after the grant has expired', async () => {
  const { w, grantId } = await setUp();
  const later = await epochAfter(patient, w.folder);
  await putFolder(w, patient, later);
  const { cells } = await send(w, 'get-grant', recipient, { params: { grantId }, now: NOW + 400 * DAY });
  expect(cells).toEqual([{ folder: w.folder.jws }]);
});
