// Makes the acts of the users in a generated life, which is a random sequence of acts (see life.ts). A user acts on objects that the device showed last, or on
// folders of the chain that the device knows.
import { utf8 } from '../../../lib/bytes/codec.ts';
import type { Right } from '../../../lib/client/index.ts';
import { DAY } from '../people.ts';
import type { Device } from './device.ts';
import type { Facts, Given } from './facts.ts';
import { KEYS, type Wish } from './judge-sent-calls.ts';

/** An act that a user has decided on: the user's wish, and a function that calls the client. */
export interface Decided {
  readonly wish?: Wish;
  readonly run: () => Promise<unknown>;
}

export interface Scene {
  readonly facts: Facts;
  readonly device: Device;
  /** The access that the device's chain gives. */
  readonly given: Given;
  readonly pick: number;
  readonly step: number;
}

type Act = (scene: Scene) => Decided | undefined;

const at = <T>(from: readonly T[], pick: number): T | undefined => from[pick % Math.max(1, from.length)];
const RECIPIENTS = [KEYS.clinician.id, KEYS.registrar.id];
const terms = { purpose: 'TREAT', durationSeconds: DAY } as const;

const onGrant =
  (run: (device: Device, grant: Device['seen']['grants'][number]) => Promise<unknown>): Act =>
  ({ device, pick }) => {
    const grant = at(device.seen.grants, pick);
    return grant && { run: () => run(device, grant) };
  };
const onFolder =
  (run: (device: Device, folder: NonNullable<ReturnType<typeof folderOf>>) => Promise<unknown>): Act =>
  (scene) => {
    const folder = folderOf(scene);
    return folder && { run: () => run(scene.device, folder) };
  };
const folderOf = ({ given, pick }: Scene) => at([...given.folders.keys()], pick);
const onRecord =
  (run: (device: Device, record: Device['seen']['records'][number]) => Promise<unknown>): Act =>
  ({ device, pick }) => {
    const record = at(device.seen.records, pick);
    return record && { run: () => run(device, record) };
  };

const contentOf = ({ step, pick }: Scene) => ({ title: `Title ${step} ${pick}`, text: `Text ${step} ${pick}` });

const rights: readonly Right[] = ['read', 'read', 'add', 'write'];

export const PATIENT_ACTS: Readonly<Record<string, Act>> = {
  'create-folder': ({ device, pick, step }) => ({
    run: () =>
      device.patient().createFolder({ name: `Folder ${step}`, category: pick % 2 === 0 ? 'laboratory' : 'imaging' }),
  }),
  grant: (scene) => {
    const folder = folderOf(scene);
    const recipient = at(RECIPIENTS, scene.pick)!;
    const right = at(rights, scene.pick >> 1)!;
    const limit = right === 'read' && scene.pick % 3 === 0 ? { openings: 1 } : {};
    const run = () => scene.device.patient().grant({ recipient, folders: [folder!], right, ...terms, ...limit });
    return folder === undefined ? undefined : { wish: { recipient }, run };
  },
  'grant-everything': ({ device, pick }) => {
    const recipient = at(RECIPIENTS, pick)!;
    const run = () => device.patient().grant({ recipient, everything: true, standing: true, ...terms });
    return { wish: { recipient }, run };
  },
  revoke: ({ device, pick }) => {
    const grant = at(device.seen.grants, pick);
    const run = () => {
      device.revoking.add(grant!.id);
      return device.patient().revoke(grant!);
    };
    return grant && { run };
  },
  pause: onGrant((device, grant) => device.patient().pause(grant)),
  resume: onGrant((device, grant) => device.patient().resume(grant)),
  'start-epoch': onFolder((device, id) => device.patient().startEpoch(id)),
  'carry-over': onFolder((device, id) => device.patient().carryOver(id)),
  settle: ({ device }) => ({ run: () => device.patient().settle() }),
  approve: ({ device, pick }) => {
    const request = at(device.seen.requests, pick);
    const run = () => device.patient().approve(request!, { unverifiedRecipient: true });
    return request && { wish: { recipient: request.recipient }, run };
  },
  deny: ({ device, pick }) => {
    const request = at(device.seen.requests, pick);
    return request && { run: () => device.patient().deny(request) };
  },
  delete: onRecord((device, record) => device.patient().deleteRecord(record)),
  rename: ({ device, pick }) => ({ run: () => device.patient().register({ name: `Name ${pick}` }) }),
  file: (scene) => {
    const folder = folderOf(scene);
    const filing = contentOf(scene);
    const run = () => scene.device.patient().file(folder!, utf8(filing.text), { title: filing.title });
    return folder === undefined ? undefined : { wish: { filing }, run };
  },
  'file-version': (scene) => {
    const before = at(scene.device.seen.records, scene.pick);
    const filing = contentOf(scene);
    const run = () => scene.device.patient().fileVersion(before!, utf8(filing.text), { title: filing.title });
    return before && { wish: { filing }, run };
  },
};

const grantTo = ({ device, pick }: Scene, isFor: (right: Right) => boolean) =>
  at(
    device.seen.details.filter((g) => isFor(g.right)),
    pick,
  );

export const RECIPIENT_ACTS: Readonly<Record<string, Act>> = {
  request: ({ device, facts, pick }) => {
    const folders = [...facts.signed.values()].flatMap((s) =>
      s.kind === 'folder'
        ? [(s.payload as { folder: Given['folders'] extends ReadonlyMap<infer F, unknown> ? F : never }).folder]
        : [],
    );
    const folder = at(folders, pick);
    const scope = pick % 2 === 0 || folder === undefined ? ({ everything: true } as const) : { folders: [folder] };
    const asked: readonly Right[] = pick % 2 === 0 ? ['read'] : ['read', 'add'];
    return { run: () => device.recipient().request({ patient: KEYS.patient.id, ...scope, rights: asked, ...terms }) };
  },
  withdraw: ({ device, pick }) => {
    const request = at(device.seen.requests, pick);
    return request && { run: () => device.recipient().withdraw(request) };
  },
  'give-back': ({ device, pick }) => {
    const grant = at(device.seen.grants, pick);
    return grant && { run: () => device.recipient().giveBack(grant) };
  },
  'renew-key': ({ device }) => ({ run: () => device.recipient().renewReceivingKey() }),
  add: (scene) => {
    const grant = grantTo(scene, (right) => right === 'add');
    const filing = contentOf(scene);
    const run = () => scene.device.recipient().file(grant!, utf8(filing.text), { title: filing.title });
    return grant && { wish: { filing }, run };
  },
  write: (scene) => {
    const grant = grantTo(scene, (right) => right === 'write');
    const before = at(scene.device.seen.records, scene.pick);
    const filing = contentOf(scene);
    const run = () => scene.device.recipient().fileVersion(grant!, before!, utf8(filing.text), { title: filing.title });
    return grant && before && { wish: { filing }, run };
  },
};
