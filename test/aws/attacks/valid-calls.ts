// For each route, makes a call that is valid except perhaps for its signer: the caller signs the statements, and the hashes and keys are those of
// the target. So the service can refuse the call only because of who makes it.
import { sha256 } from '@noble/hashes/sha2.js';
import type { RouteName } from '../../../lib/api/routes.ts';
import { systemRng } from '../../../lib/bytes/binary.ts';
import { fromBase64url, toBase64url } from '../../../lib/bytes/codec.ts';
import {
  newId,
  type FolderId,
  type GrantId,
  type IdentityId,
  type OpeningId,
  type RecordId,
  type RequestId,
  type UploadId,
} from '../../../lib/bytes/ids.ts';
import type { DeviceKeys } from '../../../lib/identity/key-derivation.ts';
import { identityPayload } from '../../../lib/identity/identity-statement.ts';
import type { Kind, Payload, Statement } from '../../../lib/statements/kinds.ts';
import { signStatement } from '../../../lib/statements/sign.ts';
import { generateKFrags } from '../../../lib/umbral/delegator.ts';
import { encodeKFrag, kfragId } from '../../../lib/umbral/kfrag.ts';
import { decodePublicKey } from '../../../lib/umbral/keys.ts';
import type { Person } from '../flows/people.ts';
import type { RawCall } from '../raw-calls.ts';
import { companionsOf } from '../../usecases/people.ts';
import { hashOfLabel, hashOfWrap, wrapOf } from '../../support/wraps.ts';

/** The ids that a call names. */
export interface Target {
  readonly patient: IdentityId;
  readonly folder: FolderId;
  readonly record: RecordId;
  readonly upload: UploadId;
  readonly request: RequestId;
  readonly denied: RequestId;
  readonly withdrawn: RequestId;
  readonly grant: GrantId;
  readonly unneeded: GrantId;
  readonly opening: OpeningId;
}
/** The statements of the target. The attacker has them all, and lacks only the keys. */
export interface Facts {
  readonly folder: Statement<'folder'>;
  readonly record: Statement<'record'>;
  readonly request: Statement<'request'>;
  readonly denied: Statement<'request'>;
  readonly withdrawn: Statement<'request'>;
  readonly grant: Statement<'grant'>;
  readonly unneeded: Statement<'grant'>;
  readonly recipient: Statement<'identity'>;
  /** The recipient of grants that nobody requested. */
  readonly bystander: Statement<'identity'>;
}
export interface Attempt {
  readonly as: Person;
  readonly at: Target;
  readonly of: Facts;
  readonly now: number;
  /** Whether the call names the grant of the target. Calls of recipients do. */
  readonly withGrant: boolean;
}
type Made = Omit<RawCall, 'route'>;
type MakeCall = (attempt: Attempt) => Made | Promise<Made>;

const stated = async <K extends Kind>(kind: K, keys: DeviceKeys, payload: Payload<K>) => ({
  statement: (await signStatement(kind, payload, keys)).jws,
});
const identityStatement = ({ keys, next }: Person, now: number) =>
  signStatement(
    'identity',
    { ...identityPayload({ keys, number: 1, receivingNumber: 1, now, nextIdentityKey: new Uint8Array(32) }), next },
    keys,
  );
const byGrant = ({ at, withGrant }: Attempt): string => (withGrant ? `?grant=${at.grant}` : '');

const pauseOrResume = (kind: 'pause' | 'resumption', { as: { keys }, at, of, now }: Attempt, number: number) =>
  stated(kind, keys, { patient: keys.id, grant: at.grant, of: of.grant.hash, number, when: now });

/** Delegates the folder's first cell with the caller's keys. */
const delegate = (keys: DeviceKeys, folder: FolderId, of: Facts, to = of.recipient.payload.receiving.key) => {
  const { salt, epoch, key } = of.folder.payload;
  const [kfrag] = generateKFrags({
    delegating: keys.folderKey(folder, epoch, fromBase64url(salt)),
    receiving: decodePublicKey(fromBase64url(to)),
    signer: keys.kfragSigner,
    threshold: 1,
    shares: 1,
    rng: systemRng,
  });
  const bytes = encodeKFrag(kfrag!);
  const named = { proxy: 'service', id: toBase64url(kfragId(kfrag!)), hash: toBase64url(sha256(bytes)) } as const;
  return { cell: { folder, epoch, key, statement: of.folder.hash, kfrags: [named] }, kfrag: toBase64url(bytes) };
};

const grantBody = async (
  { as: { keys }, at, of, now }: Attempt,
  { id: recipient, receiving, inbox }: Payload<'identity'>,
  more: Partial<Payload<'grant'>>,
) => {
  const delegated = delegate(keys, at.folder, of, receiving.key);
  const payload: Payload<'grant'> = {
    grant: at.grant,
    patient: keys.id,
    recipient,
    receiving: { number: receiving.number, key: receiving.key },
    right: 'read',
    cells: [delegated.cell],
    inbox,
    companions: companionsOf(1),
    notBefore: now,
    expires: now + 60_000,
    purpose: 'TREAT',
    threshold: 1,
    proxies: [{ id: 'service' }],
    issued: now,
    ...more,
  };
  return { ...(await stated('grant', keys, payload)), kfrags: [delegated.kfrag] };
};

const commitBody = async ({ as: { keys }, at, of, now }: Attempt) => {
  const metadata = systemRng(528);
  const wrap = wrapOf(systemRng(32), of.folder, { record: at.record, version: 2 });
  const payload: Payload<'record'> = {
    record: at.record,
    version: 2,
    previous: of.record.hash,
    patient: keys.id,
    folder: at.folder,
    epoch: 1,
    author: keys.id,
    created: now,
    algorithm: 1,
    chunk: 16,
    flags: 0,
    salt: toBase64url(systemRng(16)),
    commit: toBase64url(systemRng(32)),
    digest: toBase64url(systemRng(32)),
    length: 100,
    metadata: toBase64url(sha256(metadata)),
    wrap: hashOfWrap(wrap),
    label: hashOfLabel(wrap),
  };
  return {
    ...(await stated('record', keys, payload)),
    upload: at.upload,
    metadata: toBase64url(metadata),
    wrap,
  };
};

/** For each route, makes the call. The table does not compile without a line for every route. */
export const CALLS: Readonly<Record<RouteName, MakeCall>> = {
  register: async ({ as, at, now }) => ({
    params: { id: at.patient },
    body: { statement: (await identityStatement(as, now)).jws },
  }),
  'get-identity': ({ at }) => ({ params: { id: at.patient } }),
  'create-folder': async ({ as: { keys }, at, of, now }) => {
    const salt = toBase64url(systemRng(16));
    const payload = { ...of.folder.payload, patient: keys.id, folder: at.folder, salt, epoch: 2, issued: now };
    const key = of.recipient.payload.kfragSigner;
    return {
      params: { folderId: at.folder },
      body: await stated('folder', keys, { ...payload, key, previous: of.folder.hash }),
    };
  },
  'list-cell-grants': ({ at }) => ({ params: { folderId: at.folder, epoch: '1' } }),
  'begin-upload': ({ at }) => ({
    params: { recordId: at.record },
    body: { upload: newId<UploadId>(systemRng), folder: at.folder, epoch: 1, version: 2, multipart: false },
  }),
  'upload-parts': ({ at }) => ({
    params: { recordId: at.record },
    body: { upload: at.upload, parts: [{ number: 1, length: 100, sha256: toBase64url(systemRng(32)) }] },
  }),
  'commit-record': async (attempt) => ({
    params: { recordId: attempt.at.record, version: '2' },
    body: await commitBody(attempt),
  }),
  'list-records': (attempt) => ({ params: { folderId: attempt.at.folder }, query: byGrant(attempt) }),
  'get-record': (attempt) => ({ params: { recordId: attempt.at.record }, query: byGrant(attempt) }),
  'delete-record': async ({ as: { keys }, at, of, now }) => ({
    params: { recordId: at.record },
    body: await stated('deletion', keys, {
      patient: keys.id,
      record: at.record,
      of: of.record.hash,
      code: 'mistake',
      when: now,
    }),
  }),
  'request-access': async ({ as, at, of, now }) => {
    const own = await identityStatement(as, now);
    const { number, key } = own.payload.receiving;
    const request = newId<RequestId>(systemRng);
    return {
      params: { requestId: request },
      body: await stated('request', as.keys, {
        request,
        patient: at.patient,
        recipient: as.keys.id,
        service: of.request.payload.service,
        receiving: { number, key },
        scope: { folders: [at.folder] },
        rights: ['read'],
        purpose: 'TREAT',
        duration: 60,
        until: now + 60_000,
        created: now,
      }),
    };
  },
  'list-requests': () => ({ query: '?as=recipient' }),
  'approve-request': async (attempt) => ({
    params: { requestId: attempt.at.request },
    body: {
      grants: [
        await grantBody(attempt, attempt.of.recipient.payload, {
          grant: newId<GrantId>(systemRng),
          request: { id: attempt.at.request, hash: attempt.of.request.hash },
        }),
      ],
    },
  }),
  'deny-request': async ({ as: { keys }, at, of, now }) => ({
    params: { requestId: at.denied },
    body: await stated('denial', keys, {
      patient: keys.id,
      request: at.denied,
      of: of.denied.hash,
      code: 'declined',
      when: now,
    }),
  }),
  'grant-access': async (attempt) => {
    const grant = newId<GrantId>(systemRng);
    return { params: { grantId: grant }, body: await grantBody(attempt, attempt.of.bystander.payload, { grant }) };
  },
  'get-grant': ({ at }) => ({ params: { grantId: at.grant } }),
  'list-grants': () => ({ query: '?as=recipient' }),
  'extend-grant': async ({ as: { keys }, at, of, now }) => {
    const delegated = delegate(keys, at.folder, of);
    const payload = { patient: keys.id, grant: at.grant, number: 1, previous: of.grant.hash, issued: now };
    return {
      params: { grantId: at.grant },
      body: {
        ...(await stated('extension', keys, { ...payload, cells: [delegated.cell], companions: companionsOf(1) })),
        kfrags: [delegated.kfrag],
      },
    };
  },
  'pause-grant': async (attempt) => ({
    params: { grantId: attempt.at.grant },
    body: await pauseOrResume('pause', attempt, 1),
  }),
  'resume-grant': async (attempt) => ({
    params: { grantId: attempt.at.grant },
    body: await pauseOrResume('resumption', attempt, 2),
  }),
  'settle-grant': ({ at }) => ({ params: { grantId: at.grant }, body: {} }),
  'withdraw-request': async ({ as: { keys }, at, of, now }) => ({
    params: { requestId: at.withdrawn },
    body: await stated('withdrawal', keys, {
      recipient: keys.id,
      patient: at.patient,
      request: at.withdrawn,
      of: of.withdrawn.hash,
      code: 'mistake',
      when: now,
    }),
  }),
  'get-checkpoint': () => ({}),
  'get-service-key': () => ({}),
  'get-time': () => ({ query: `?nonce=${toBase64url(new Uint8Array(16))}` }),
  'revoke-grant': async ({ as: { keys }, at, of, now }) => ({
    params: { grantId: at.grant },
    body: await stated('revocation', keys, {
      patient: keys.id,
      grant: at.grant,
      of: of.grant.hash,
      code: 'mistake',
      when: now,
    }),
  }),
  'return-grant': async ({ as: { keys }, at, of, now }) => ({
    params: { grantId: at.unneeded },
    body: await stated('return', keys, {
      recipient: keys.id,
      patient: at.patient,
      grant: at.unneeded,
      of: of.unneeded.hash,
      code: 'not-needed',
      when: now,
    }),
  }),
  recapsulate: async ({ as: { keys }, at, now, withGrant }) => {
    const opening = newId<OpeningId>(systemRng);
    return {
      params: { openingId: opening },
      body: await stated('opening', keys, {
        opening,
        patient: at.patient,
        opener: keys.id,
        ...(withGrant ? { grant: at.grant } : {}),
        folder: at.folder,
        epoch: 1,
        records: [{ record: at.record, version: 1 }],
        when: now,
      }),
    };
  },
  'list-audit': () => ({ query: '?as=recipient' }),
  'list-chain': () => ({}),
  health: () => ({}),
  openapi: () => ({}),
};
