// Fakes the service in memory. The fake checks nothing, and lies where a test tells it to. It re-encrypts with the real scheme.
import { base64 } from '@scure/base';
import { ROUTES, type RouteName } from '../../lib/api/routes.ts';
import { fromBase64url, fromUtf8, toBase64url, utf8 } from '../../lib/bytes/codec.ts';
import { concat } from '../../lib/bytes/binary.ts';
import { EMPTY_CHAIN, nextEvent, type ChainHead, type EventDraft } from '../../lib/domain/audit-chain.ts';
import type { IdentityId } from '../../lib/bytes/ids.ts';
import type { DeviceKeys } from '../../lib/identity/key-derivation.ts';
import { KINDS, type Kind, type Statement } from '../../lib/statements/kinds.ts';
import { reloadStatement } from '../../lib/statements/verify.ts';
import { encodePublicKey, publicKeyOf } from '../../lib/umbral/keys.ts';
import { decodeCapsule, encodeCFrag, reencrypt, trustStoredKFrag } from '../../lib/umbral/proxy.ts';
import { json, problem, type Sent } from './prepared-answers.ts';
import { SERVICE_KEY, signedAnswer, type AnsweredWrap } from './hand-made-service-signatures.ts';

export const ORIGIN = 'https://api.example.org';
export const STORAGE = 'https://storage.example.org';

/** Changes an answer before the service sends it. If it returns undefined, the answer stays as it is. */
// eslint-disable-next-line @typescript-eslint/no-explicit-any -- a false answer can have any shape
export type Lie = (route: RouteName, answer: any) => unknown;

const matches = (template: string, path: string): Record<string, string> | undefined => {
  const names = template.split('/');
  const segments = path.split('/');
  if (names.length !== segments.length) return undefined;
  const params: Record<string, string> = {};
  for (const [i, name] of names.entries())
    if (name.startsWith('{')) params[name.slice(1, -1)] = segments[i]!;
    else if (name !== segments[i]) return undefined;
  return params;
};

const routeOf = ({ method, url }: Sent): { name: RouteName; params: Record<string, string> } => {
  for (const name of Object.keys(ROUTES) as RouteName[]) {
    const params = ROUTES[name].method === method ? matches(ROUTES[name].path, url.pathname) : undefined;
    if (params !== undefined) return { name, params };
  }
  throw new Error(`no route for ${method} ${url.pathname}`);
};

const callerOf = (sent: Sent): IdentityId =>
  (/keyid="([^"]+)"/.exec(sent.headers.get('signature-input') ?? '')?.[1] ?? '') as IdentityId;

interface Recapsulated {
  readonly records: readonly { readonly wrap: AnsweredWrap }[];
}

class Refusal extends Error {
  readonly code: string;
  constructor(code: string) {
    super(code);
    this.code = code;
  }
}

interface Version {
  readonly statement: Statement<'record'>;
  metadata: string;
  wrap: { capsule: string; wrappedKey: string };
  readonly upload: string;
  state: 'committed' | 'deleted';
}

export const memoryService = (clock: () => number) => {
  const identities = new Map<string, Statement<'identity'>>();
  const folders = new Map<string, Statement<'folder'>[]>();
  const parts = new Map<string, Map<number, Uint8Array>>();
  const records = new Map<string, Version>();
  const requests = new Map<string, { statement: Statement<'request'>; state: string; grants: string[] }>();
  const grants = new Map<string, { statement: Statement<'grant'>; kfrags: string[]; state: string; used: number }>();
  const openings = new Set<string>();
  const trails = new Map<string, { event: string; hash: string; evidence?: string }[]>();
  const heads = new Map<string, ChainHead>();
  const calls: RouteName[] = [];
  const puts: Sent[] = [];
  const state = {
    lie: (() => undefined) as Lie,
    storage: undefined as ((sent: Sent) => Response | undefined) | undefined,
    before: (() => undefined) as (route: RouteName, sent: Sent) => Response | undefined,
    /** Returns a false subject for an event, or undefined for the true one. */
    falseSubject: (() => undefined) as (draft: Omit<EventDraft, 'at'>) => EventDraft['subject'] | undefined,
  };

  const read = <K extends Kind>(kind: K, jws: string): Statement<K> => reloadStatement(kind, jws);
  const log = (draft: Omit<EventDraft, 'at'>, evidence?: string): void => {
    const changed = { ...draft, subject: state.falseSubject(draft) ?? draft.subject };
    const link = nextEvent(heads.get(draft.patient) ?? EMPTY_CHAIN, { ...changed, at: clock() });
    heads.set(draft.patient, { seq: link.event.seq, hash: link.hash });
    const trail = trails.get(draft.patient) ?? [];
    trail.push({ event: link.text, hash: link.hash, ...(evidence === undefined ? {} : { evidence }) });
    trails.set(draft.patient, trail);
  };
  const viewOf = (v: Version) => ({
    statement: v.statement.jws,
    state: v.state,
    ...(v.state === 'committed' ? { metadata: v.metadata } : {}),
  });
  const grantView = (id: string) => {
    const g = grants.get(id);
    if (g === undefined) throw new Refusal('not-found');
    const { jws: statement, hash: tip } = g.statement;
    return { statement, state: g.state, used: g.used, extensions: 0, tip, holds: 0 };
  };
  const addGrant = (body: { statement: string; kfrags: string[] }): string => {
    const statement = read('grant', body.statement);
    const { grant, patient, cells, purpose, right, request } = statement.payload;
    grants.set(grant, { statement, kfrags: body.kfrags, state: 'active', used: 0 });
    log({
      kind: 'access-granted',
      patient,
      actor: patient,
      subject: {
        grant,
        ...(request === undefined ? {} : { request: request.id }),
        right,
        folders: [...new Set(cells.map((c) => c.folder))],
        purpose,
      },
      statement: statement.hash,
    });
    return grant;
  };

  const recapsulate = (jws: string) => {
    const opening = read('opening', jws);
    const p = opening.payload;
    const grant = p.grant === undefined ? undefined : grants.get(p.grant)!;
    if (grant?.state === 'revoked') throw new Refusal('grant-ended');
    const index = grant?.statement.payload.cells.findIndex((c) => c.folder === p.folder && c.epoch === p.epoch);
    const kfrag = index === undefined ? undefined : trustStoredKFrag(fromBase64url(grant!.kfrags[index]!));
    if (!openings.has(p.opening)) {
      openings.add(p.opening);
      if (grant !== undefined) grant.used += p.records.length;
      log(
        {
          kind: 'records-opened',
          patient: p.patient,
          actor: p.opener,
          subject: {
            opening: p.opening,
            ...(p.grant === undefined ? {} : { grant: p.grant }),
            folder: p.folder,
            epoch: p.epoch,
            records: p.records,
          },
          statement: opening.hash,
        },
        jws,
      );
    }
    return {
      records: p.records.map(({ record, version }) => {
        const v = records.get(record);
        if (v === undefined || v.state === 'deleted') throw new Refusal('not-found');
        const cfrags =
          kfrag === undefined
            ? {}
            : {
                cfrags: [toBase64url(encodeCFrag(reencrypt(decodeCapsule(fromBase64url(v.wrap.capsule)), kfrag)))],
              };
        return {
          record,
          version,
          statement: v.statement.jws,
          metadata: v.metadata,
          wrap: { ...v.wrap, ...cfrags },
          download: { url: `${STORAGE}/${v.upload}`, expires: clock() + 300_000 },
        };
      }),
    };
  };

  const handle = (name: RouteName, params: Record<string, string>, sent: Sent): unknown => {
    const caller = callerOf(sent);
    const body = sent.body.length === 0 ? undefined : JSON.parse(fromUtf8(sent.body));
    const query = sent.url.searchParams;
    switch (name) {
      case 'register': {
        const statement = read('identity', body.statement);
        identities.set(caller, statement);
        log({ kind: 'registered', patient: caller, actor: caller, subject: {}, statement: statement.hash });
        return { statement: statement.jws, state: 'active' };
      }
      case 'get-identity': {
        const found = identities.get(params['id']!);
        if (found === undefined) throw new Refusal('not-found');
        return { statement: found.jws, state: 'active' };
      }
      case 'create-folder': {
        const statement = read('folder', body.statement);
        const id = params['folderId']!;
        folders.set(id, [...(folders.get(id) ?? []), statement]);
        const { folder, epoch, patient } = statement.payload;
        log({
          kind: epoch === 1 ? 'folder-created' : 'epoch-started',
          patient,
          actor: patient,
          subject: { folder, epoch },
          statement: statement.hash,
        });
        return { statement: statement.jws, state: 'current' };
      }
      case 'list-folders':
        return {
          folders: [...folders.values()]
            .map((epochs) => epochs.at(-1)!)
            .filter((f) => f.payload.patient === caller)
            .map((f) => ({ statement: f.jws, state: 'current' })),
        };
      case 'list-cells': {
        const epochs = folders.get(params['folderId']!);
        if (epochs?.[0]?.payload.patient !== caller) throw new Refusal('not-found');
        return {
          folders: epochs.map((f, i) => ({
            statement: f.jws,
            state: i === epochs.length - 1 ? 'current' : 'closed',
          })),
        };
      }
      case 'begin-upload': {
        const [current] = (folders.get(body.folder) ?? []).slice(-1);
        if (current?.payload.epoch !== body.epoch) throw new Refusal('cell-closed');
        parts.set(body.upload, new Map());
        return { upload: body.upload, multipart: body.multipart, state: 'open' };
      }
      case 'upload-parts':
        return {
          parts: body.parts.map((p: { number: number; length: number; sha256: string }) => ({
            number: p.number,
            url: `${STORAGE}/${body.upload}/${p.number}`,
            headers: {
              'content-length': `${p.length}`,
              'x-amz-checksum-sha256': base64.encode(fromBase64url(p.sha256)),
            },
          })),
        };
      case 'commit-record': {
        const statement = read('record', body.statement);
        const p = statement.payload;
        if (folders.get(p.folder)?.at(-1)?.payload.epoch !== p.epoch) throw new Refusal('cell-closed');
        const version: Version = {
          statement,
          metadata: body.metadata,
          wrap: body.wrap,
          upload: body.upload,
          state: 'committed',
        };
        records.set(p.record, version);
        log({
          kind: 'record-filed',
          patient: p.patient,
          actor: p.author,
          subject: { folder: p.folder, epoch: p.epoch, records: [{ record: p.record, version: p.version }] },
          statement: statement.hash,
        });
        return viewOf(version);
      }
      case 'list-records':
        return {
          records: [...records.values()]
            .filter((v) => v.statement.payload.folder === params['folderId'] && v.state === 'committed')
            .map(viewOf),
        };
      case 'get-record': {
        const v = records.get(params['recordId']!);
        if (v === undefined) throw new Refusal('not-found');
        return { versions: [viewOf(v)] };
      }
      case 'delete-record': {
        const v = records.get(params['recordId']!)!;
        v.state = 'deleted';
        return { versions: [viewOf(v)], deletion: body.statement };
      }
      case 'request-access': {
        const statement = read('request', body.statement);
        requests.set(params['requestId']!, { statement, state: 'pending', grants: [] });
        return { statement: statement.jws, state: 'pending' };
      }
      case 'list-requests': {
        const role = query.get('as') as 'patient' | 'recipient';
        return {
          requests: [...requests.values()]
            .filter((r) => r.statement.payload[role] === caller)
            .map((r) => ({ statement: r.statement.jws, state: r.state, grants: r.grants })),
        };
      }
      case 'approve-request': {
        const request = requests.get(params['requestId']!)!;
        request.state = 'approved';
        request.grants = body.grants.map(addGrant);
        return { grants: request.grants.map(grantView) };
      }
      case 'deny-request': {
        const request = requests.get(params['requestId']!)!;
        request.state = 'denied';
        const denial = read('denial', body.statement);
        const { patient } = denial.payload;
        const subject = { request: denial.payload.request };
        log({ kind: 'request-denied', patient, actor: patient, subject, statement: denial.hash }, body.statement);
        return { statement: request.statement.jws, state: 'denied' };
      }
      case 'grant-access':
        return grantView(addGrant(body));
      case 'get-grant': {
        const { cells } = (grants.get(params['grantId']!) ?? { statement: { payload: { cells: [] } } }).statement
          .payload;
        const at = Number(query.get('cursor') ?? 0);
        return {
          ...grantView(params['grantId']!),
          cells: cells
            .slice(at, at + 1)
            .map((c) => ({ folder: folders.get(c.folder)!.find((f) => f.payload.epoch === c.epoch)!.jws })),
          ...(at + 1 < cells.length ? { next: `${at + 1}` } : {}),
        };
      }
      // In this fake service no grant has ended and none is standing.
      case 'list-cell-grants':
        return { grants: [] };
      case 'list-grants': {
        if (['unsettled', 'standing'].includes(query.get('state') ?? '')) return { grants: [] };
        const role = query.get('as') as 'patient' | 'recipient';
        return {
          grants: [...grants.values()]
            .filter((g) => g.statement.payload[role] === caller)
            .map((g) => grantView(g.statement.payload.grant)),
        };
      }
      case 'revoke-grant': {
        const grant = grants.get(params['grantId']!)!;
        grant.state = 'revoked';
        const { patient } = grant.statement.payload;
        const revocation = read('revocation', body.statement);
        log(
          {
            kind: 'grant-revoked',
            patient,
            actor: patient,
            subject: { grant: revocation.payload.grant },
            statement: revocation.hash,
          },
          body.statement,
        );
        return grantView(params['grantId']!);
      }
      case 'settle-grant':
        return grantView(params['grantId']!);
      case 'recapsulate':
        return recapsulate(body.statement);
      case 'get-service-key':
        return { key: SERVICE_KEY };
      case 'list-audit': {
        const trail = trails.get(caller) ?? [];
        const at = Number(query.get('cursor') ?? query.get('after') ?? 0);
        return { events: trail.slice(at, at + 3), ...(at + 3 < trail.length ? { next: `${at + 3}` } : {}) };
      }
      default:
        return { status: 'ok' };
    }
  };

  const storage = (sent: Sent): Response => {
    const instead = state.storage?.(sent);
    if (instead !== undefined) return instead;
    const [, upload = '', number] = sent.url.pathname.split('/');
    if (sent.method === 'PUT') {
      puts.push(sent);
      parts.get(upload)!.set(Number(number), sent.body);
      return new Response(null);
    }
    return new Response(blobOf(upload) as BodyInit);
  };
  const blobOf = (upload: string): Uint8Array =>
    concat(...[...parts.get(upload)!].sort(([a], [b]) => a - b).map(([, bytes]) => bytes));

  /** Signs the answer as it is, true or false. If the test has already signed the answer, keeps that signature. */
  const signed = (answer: Recapsulated, { body }: Sent): object => {
    const opening = read('opening', (JSON.parse(fromUtf8(body)) as { statement: string }).statement);
    if (opening.payload.grant === undefined || 'signed' in answer) return answer;
    const wraps = answer.records.map((r) => r.wrap);
    const p = opening.payload;
    const { cells, receiving } = grants.get(p.grant!)!.statement.payload;
    const cell = cells.find((c) => c.folder === p.folder && c.epoch === p.epoch)!;
    const delegation = {
      verifying: identities.get(p.patient)!.payload.kfragSigner,
      delegating: cell.key,
      receiving: receiving.key,
      kfrag: cell.kfrags[0]!.id,
    };
    return { ...answer, signed: signedAnswer(opening.hash, wraps, { when: clock(), delegation }) };
  };

  /** Begins a new epoch, as another device of the patient does. */
  const nextEpoch = (id: string, keys: DeviceKeys): void => {
    const epochs = folders.get(id)!;
    const { payload, hash } = epochs.at(-1)!;
    const epoch = payload.epoch + 1;
    const salt = new Uint8Array(16).fill(epoch);
    const key = toBase64url(encodePublicKey(publicKeyOf(keys.folderKey(payload.folder, epoch, salt))));
    const next = { ...payload, epoch, salt: toBase64url(salt), key, previous: hash };
    const { id: kid } = keys;
    const text = [{ alg: 'EdDSA', kid, typ: 'pcehr-folder+jws' }, KINDS.folder.payload.parse(next)]
      .map((part) => toBase64url(utf8(JSON.stringify(part))))
      .join('.');
    folders.set(id, [...epochs, read('folder', `${text}.${toBase64url(keys.sign(utf8(text)))}`)]);
  };

  return {
    state,
    nextEpoch,
    calls,
    puts,
    records,
    folders,
    grants,
    trails,
    setBlob: (upload: string, blob: Uint8Array) => {
      parts.set(upload, new Map([[1, blob]]));
    },
    blobOf,
    answering: (sent: Sent): Response => {
      if (sent.url.origin === STORAGE) return storage(sent);
      const { name, params } = routeOf(sent);
      calls.push(name);
      const instead = state.before(name, sent);
      if (instead !== undefined) return instead;
      try {
        const answer = handle(name, params, sent);
        const sentAnswer = state.lie(name, structuredClone(answer)) ?? answer;
        return json(
          ROUTES[name].answer[0],
          name === 'recapsulate' ? signed(sentAnswer as Recapsulated, sent) : sentAnswer,
        );
      } catch (error) {
        if (error instanceof Refusal) return problem(error.code === 'not-found' ? 404 : 409, error.code);
        throw error;
      }
    },
  };
};
