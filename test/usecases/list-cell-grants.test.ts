// Tests the use case list-cell-grants, which answers the patient only.
import { expect, test } from '@jest/globals';
import { newId, type FolderId } from '../../lib/bytes/ids.ts';
import { epochAfter, nobody, patient, recipient, stranger } from './people.ts';
import { clinic, putFolder, refused, send } from './clinic.ts';
import { NOT_FOUND, NOT_REGISTERED, folderId, revoke } from './grant-calls.ts';

test('list-cell-grants returns the grants that read a cell to the patient, also ended ones', async () => {
  const w = await clinic();
  await putFolder(w, patient, await epochAfter(patient, w.folder));
  await revoke(w, w.grant);
  const params = { folderId: folderId(w.folder) };
  const first = { params: { ...params, epoch: 1 } };
  const { grants } = await send(w, 'list-cell-grants', patient, first);
  expect(grants).toMatchObject([{ statement: w.grant.statement.jws, state: 'revoked' }]);
  const second = { params: { ...params, epoch: 2 } };
  expect((await send(w, 'list-cell-grants', patient, second)).grants).toEqual([]);
  for (const by of [stranger, recipient])
    expect(await refused(w, () => send(w, 'list-cell-grants', by, first))).toEqual(NOT_FOUND);
  const unknown = { params: { folderId: newId<FolderId>(), epoch: 1 } };
  expect(await refused(w, () => send(w, 'list-cell-grants', patient, unknown))).toEqual(NOT_FOUND);
  expect(await refused(w, () => send(w, 'list-cell-grants', nobody, first))).toEqual(NOT_REGISTERED);
});
