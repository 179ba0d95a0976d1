// Tests the use cases list-cells and list-cell-grants, which answer the patient only.
import { describe, expect, test } from '@jest/globals';
import { newId, type FolderId } from '../../lib/bytes/ids.ts';
import { epochAfter, nobody, patient, recipient, stranger } from './people.ts';
import { clinic, putFolder, refused, send } from './clinic.ts';
import { NOT_FOUND, NOT_REGISTERED, folderId, revoke } from './grant-calls.ts';

describe('list-cells and list-cell-grants', () => {
  test('return the cells of a folder to the patient, oldest first, and the grants that read a cell', async () => {
    const w = await clinic();
    const next = await epochAfter(patient, w.folder);
    await putFolder(w, patient, next);
    const params = { folderId: folderId(w.folder) };
    const { folders } = await send(w, 'list-cells', patient, { params });
    expect(folders).toEqual([
      { statement: w.folder.jws, state: 'closed' },
      { statement: next.jws, state: 'current' },
    ]);
    const one = await send(w, 'list-cells', patient, { params, query: { limit: 1 } });
    expect([one.folders.length, typeof one.next]).toEqual([1, 'string']);
    await revoke(w, w.grant);
    const first = { params: { ...params, epoch: 1 } };
    const { grants } = await send(w, 'list-cell-grants', patient, first);
    expect(grants).toMatchObject([{ statement: w.grant.statement.jws, state: 'revoked' }]);
    const second = { params: { ...params, epoch: 2 } };
    expect((await send(w, 'list-cell-grants', patient, second)).grants).toEqual([]);
    for (const by of [stranger, recipient]) {
      expect(await refused(w, () => send(w, 'list-cells', by, { params }))).toEqual(NOT_FOUND);
      expect(await refused(w, () => send(w, 'list-cell-grants', by, first))).toEqual(NOT_FOUND);
    }
    const unknown = { folderId: newId<FolderId>() };
    expect(await refused(w, () => send(w, 'list-cells', patient, { params: unknown }))).toEqual(NOT_FOUND);
    const cell = { params: { ...unknown, epoch: 1 } };
    expect(await refused(w, () => send(w, 'list-cell-grants', patient, cell))).toEqual(NOT_FOUND);
    expect(await refused(w, () => send(w, 'list-cells', nobody, { params }))).toEqual(NOT_REGISTERED);
    expect(await refused(w, () => send(w, 'list-cell-grants', nobody, first))).toEqual(NOT_REGISTERED);
  });
});
