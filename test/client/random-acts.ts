// Makes random acts of a patient's device, for tests that generate sequences of acts. An act changes one object of those that the device lists at that moment.
import fc from 'fast-check';
import type { IdentityId } from '../../lib/bytes/ids.ts';
import type { Patient } from '../../lib/client/index.ts';
import { DAY } from './people.ts';

export const ACT_KINDS = [
  'create-folder',
  'grant',
  'grant-everything',
  'revoke',
  'pause',
  'resume',
  'start-epoch',
  'carry-over',
  'settle',
  'approve',
  'deny',
  'delete',
  'rename',
] as const;
export type ActKind = (typeof ACT_KINDS)[number];

export interface RandomAct {
  readonly kind: ActKind;
  /** A number that selects the object from the list. */
  readonly pick: number;
}

export const randomAct: fc.Arbitrary<RandomAct> = fc.record({ kind: fc.constantFrom(...ACT_KINDS), pick: fc.nat(7) });

/** The id of the object that an act changed; undefined if there was no object to change. */
export type Changed = string | undefined;

const chosen = <T>(from: readonly T[], pick: number): T | undefined => from[pick % Math.max(1, from.length)];

const folderOf = async (device: Patient, pick: number) => chosen(await device.listFolders(), pick);

type Perform = (device: Patient, pick: number, recipient: IdentityId) => Promise<Changed>;

const terms = { purpose: 'TREAT', durationSeconds: DAY } as const;

const onGrant =
  (change: (device: Patient, grant: Awaited<ReturnType<Patient['listGrants']>>[number]) => Promise<unknown>): Perform =>
  async (device, pick) => {
    const grant = chosen(await device.listGrants(), pick);
    if (grant !== undefined) await change(device, grant);
    return grant?.id;
  };

const onFolder =
  (
    change: (device: Patient, folder: Awaited<ReturnType<Patient['listFolders']>>[number]) => Promise<unknown>,
  ): Perform =>
  async (device, pick) => {
    const folder = await folderOf(device, pick);
    if (folder !== undefined) await change(device, folder);
    return folder?.id;
  };

const onRequest =
  (
    change: (device: Patient, request: Awaited<ReturnType<Patient['listRequests']>>[number]) => Promise<unknown>,
  ): Perform =>
  async (device, pick) => {
    const request = chosen(await device.listRequests('pending'), pick);
    if (request !== undefined) await change(device, request);
    return request?.id;
  };

const ACTS: Readonly<Record<ActKind, Perform>> = {
  'create-folder': async (device, pick) =>
    (await device.createFolder({ name: `Folder ${pick}`, category: pick % 2 === 0 ? 'laboratory' : 'imaging' })).id,
  grant: async (device, pick, recipient) => {
    const folder = await folderOf(device, pick);
    if (folder === undefined) return undefined;
    const [{ id }] = await device.grant({ recipient, folders: [folder.id], ...terms });
    return id;
  },
  'grant-everything': async (device, _pick, recipient) =>
    (await device.grant({ recipient, everything: true, standing: true, ...terms }))[0].id,
  revoke: onGrant((device, grant) => device.revoke(grant)),
  pause: onGrant((device, grant) => device.pause(grant)),
  resume: onGrant((device, grant) => device.resume(grant)),
  'start-epoch': onFolder((device, { id }) => device.startEpoch(id)),
  'carry-over': onFolder((device, { id }) => device.carryOver(id)),
  settle: async (device) => {
    await device.settle();
    return undefined;
  },
  approve: onRequest((device, request) => device.approve(request, { unverifiedRecipient: true })),
  deny: onRequest((device, request) => device.deny(request)),
  delete: async (device, pick) => {
    const folder = await folderOf(device, pick);
    const record = folder && chosen(await device.listRecords(folder.id), pick);
    if (record !== undefined) await device.deleteRecord(record);
    return record?.record;
  },
  rename: async (device, pick) => (await device.register({ name: `Name ${pick}` })).payload.id,
};

/** Performs the act. @returns the id of the object that it changed */
export const perform = (device: Patient, { kind, pick }: RandomAct, recipient: IdentityId): Promise<Changed> =>
  ACTS[kind](device, pick, recipient);
