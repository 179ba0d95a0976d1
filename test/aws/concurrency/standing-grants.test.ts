// Tests standing grants that do not all fit into the transaction of a new folder: the client extends the rest one by one. It may be interrupted
// anywhere, and continues with the grants that the service lists as outstanding.
import { expect, test } from '@jest/globals';
import type { RouteName } from '../../../lib/api/routes.ts';
import { newId, type FolderId } from '../../../lib/bytes/ids.ts';
import { createContext } from '../../../lib/client/session/context.ts';
import type { Grant } from '../../../lib/client/index.ts';
import { bytesOf, given, newPerson, patientOf, then } from '../flows/people.ts';
import { putCellAlone } from '../../support/cell-alone.ts';
import { makeService } from '../../support/in-process.ts';

const GRANTS = 45;
const AT_ONCE = 40;

let left = Infinity;
/** Lets the next `left` extensions succeed, and all later ones fail. */
const failing = async (route: RouteName, run: () => Promise<Response>): Promise<Response> => {
  if (route !== 'extend-grant' || left-- > 0) return run();
  return Response.json({ code: 'internal' }, { status: 500 });
};
const { origin, fetch } = makeService({ env: process.env, around: failing });
const at = { origin, fetch };
const failed = expect.objectContaining({ code: 'internal' });

test(`carries ${GRANTS} standing grants over to a new folder, ${AT_ONCE} of them in its transaction`, async () => {
  const [patient, recipient] = await Promise.all([given.patient(at), given.recipient(at)]);
  await patient.createFolder({ name: 'First', category: 'letters' });
  const terms = { recipient: recipient.id, everything: true, standing: true, purpose: 'TREAT' } as const;
  const grants: Grant[] = [];
  for (let n = 0; n < GRANTS; n++) grants.push(...(await patient.grant({ ...terms, durationSeconds: 3600 })));

  left = 0;
  await expect(patient.createFolder({ name: 'Later', category: 'letters' })).rejects.toEqual(failed);
  const later = (await patient.listFolders()).find((f) => f.name === 'Later')!;
  const made = (await patient.audit()).find((e) => e.subject.folder === later.id)!;
  expect(made.subject.grants).toHaveLength(AT_ONCE);
  const carried = new Set(made.subject.grants);
  const rest = grants.map((g) => g.id).filter((id) => !carried.has(id));
  const outstanding = async () => (await patient.outstanding(later.id)).map((g) => g.id).sort();
  expect(await outstanding()).toEqual([...rest].sort());

  // The client fails after two extensions and starts again. A third call has nothing left to do.
  left = 2;
  await expect(patient.carryOver(later.id)).rejects.toEqual(failed);
  expect(await outstanding()).toHaveLength(rest.length - 2);
  left = Infinity;
  expect(await patient.carryOver(later.id)).toBe(rest.length - 2);
  expect(await outstanding()).toEqual([]);
  expect(await patient.carryOver(later.id)).toBe(0);

  const extended = (await patient.audit()).filter((e) => e.kind === 'grant-extended').map((e) => e.subject.grant!);
  expect(extended.sort()).toEqual([...rest].sort());
  // The service may have the key fragments of the extensions that failed, so the client files the record in the next epoch.
  const record = await patient.file(later.id, bytesOf(10), {});
  expect(record.epoch).toBe(2);
  for (const id of [...made.subject.grants!.slice(0, 1), ...rest]) {
    const grant = await recipient.grant(id, patient.id);
    expect([grant.extensions, grant.cells.length]).toEqual([2, 3]);
    expect((await then.opens(recipient, grant, [record]))[0]).toHaveLength(10);
  }
});

test('two devices that carry over at the same time extend the grant once', async () => {
  const person = newPerson();
  const [patient, second] = [patientOf(person, at), patientOf(person, at)];
  await patient.register();
  const recipient = await given.recipient(at);
  await patient.createFolder({ name: 'First', category: 'letters' });
  const terms = { recipient: recipient.id, everything: true, standing: true, purpose: 'TREAT' } as const;
  const grants: Grant[] = [];
  for (let n = 0; n <= AT_ONCE; n++) grants.push(...(await patient.grant({ ...terms, durationSeconds: 3600 })));
  left = 0;
  await expect(patient.createFolder({ name: 'Later', category: 'letters' })).rejects.toEqual(failed);
  left = Infinity;
  const later = (await patient.listFolders()).find((f) => f.name === 'Later')!;
  const carried = await Promise.all([patient, second].map((device) => device.carryOver(later.id)));
  // The slower device finds the extension in the chain of statements, so it has nothing left to do.
  expect(carried.sort()).toEqual([0, 1]);
  expect(await patient.carryOver(later.id)).toBe(0);
  expect((await patient.audit()).filter((e) => e.kind === 'grant-extended')).toHaveLength(1);
});

test('carries a grant over to all epochs that it missed', async () => {
  const person = newPerson();
  const patient = patientOf(person, at);
  await patient.register();
  const [early, late, ended] = await Promise.all([given.recipient(at), given.recipient(at), given.recipient(at)]);
  const folder = await patient.createFolder({ name: 'First', category: 'letters' });
  const terms = { purpose: 'TREAT', durationSeconds: 3600 } as const;
  const [standing] = await patient.grant({ recipient: late.id, everything: true, standing: true, ...terms });
  const [plain] = await patient.grant({ recipient: early.id, folders: [folder.id], ...terms });

  // Creates two cells and extends no grant, like a client that is interrupted.
  const ctx = createContext({ ...person, origin, fetch });
  const laterCell = await putCellAlone(ctx, { folder: newId<FolderId>(), name: 'Later', category: 'letters' });
  await putCellAlone(ctx, { folder: folder.id, name: folder.name, category: 'letters', last: folder.statement });
  const outstanding = async (id: FolderId) => (await patient.outstanding(id)).map((g) => g.id).sort();
  expect(await outstanding(laterCell.payload.folder)).toEqual([standing.id]);
  expect(await outstanding(folder.id)).toEqual([plain.id, standing.id].sort());

  for (const id of [folder.id, laterCell.payload.folder]) {
    const [grant] = await patient.grant({ recipient: ended.id, folders: [id], ...terms });
    await patient.revoke(grant);
  }
  await patient.settle();
  expect((await patient.listFolders()).map((f) => f.epoch).sort()).toEqual([2, 3]);
  // The cells of the missed epochs are still outstanding.
  expect(await outstanding(laterCell.payload.folder)).toEqual([standing.id]);
  expect(await outstanding(folder.id)).toEqual([plain.id, standing.id].sort());
  expect(await patient.carryOver(folder.id)).toBe(2);
  expect(await patient.carryOver(laterCell.payload.folder)).toBe(1);
  expect([await outstanding(folder.id), await outstanding(laterCell.payload.folder)]).toEqual([[], []]);
  const cells = async (id: Grant['id'], of: typeof early) =>
    (await of.grant(id, patient.id)).cells.map((c) => [c.folder, c.epoch]);
  const all = [1, 2, 3].map((epoch) => [folder.id, epoch]);
  expect(await cells(plain.id, early)).toEqual(all);
  const both = [...all, [laterCell.payload.folder, 1], [laterCell.payload.folder, 2]];
  expect((await cells(standing.id, late)).sort()).toEqual(both.sort());
});
