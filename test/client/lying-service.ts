// Fakes the service in memory. The fake checks nothing, and lies where a test tells it to. It re-encrypts with the real scheme.
import { base64 } from '@scure/base';
import { ROUTES, type RouteName } from '../../lib/api/routes.ts';
import { decapsulator } from '../../lib/envelope/x-wing.ts';
import type { StoredWrap } from '../../lib/ports/index.ts';
import { fromBase64url, fromUtf8, toBase64url, utf8 } from '../../lib/bytes/codec.ts';
import { concat } from '../../lib/bytes/binary.ts';
import { EMPTY_CHAIN, nextEvent, type ChainHead, type EventDraft } from '../../lib/domain/audit-chain.ts';
import type { IdentityId } from '../../lib/bytes/ids.ts';
import type { DeviceKeys } from '../../lib/identity/key-derivation.ts';
import { KINDS, type Kind, type Payload, type Statement } from '../../lib/statements/kinds.ts';
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

/** For each kind of statement that changes a grant: the kind of its event, and the state of the grant after it. */
const CHANGES = {
  pause: ['grant-paused', 'paused'],
  resumption: ['grant-resumed', 'active'],
  revocation: ['grant-revoked', 'revoked'],
  return: ['grant-returned', 'revoked'],
} as const;

interface StoredEntry {
  readonly entry: string;
  readonly statements: readonly string[];
  readonly voided?: readonly string[];
}

interface BodyWithEntry {
  readonly entry: string;
  readonly voided?: readonly string[];
  readonly statement?: string;
  readonly grants?: readonly { readonly statement: string }[];
  readonly extensions?: readonly { readonly statement: string }[];
}

interface StoredGrant {
  readonly statement: Statement<'grant'>;
  readonly extensions: readonly Statement<'extension'>[];
  readonly kfrags: readonly string[];
  state: string;
  used: number;
  holds: number;
}

/** Signs a statement as another device of the patient would, and synchronously, so that a test need not wait. */
export const signNow = <K extends Kind>(kind: K, payload: Payload<K>, { id: kid, sign }: DeviceKeys): Statement<K> => {
  const text = [{ alg: 'EdDSA', kid, typ: `pcehr-${kind}+jws` }, KINDS[kind].payload.parse(payload)]
    .map((part) => toBase64url(utf8(JSON.stringify(part))))
    .join('.');
  return reloadStatement(kind, `${text}.${toBase64url(sign(utf8(text)))}`);
};

interface Version {
  readonly statement: Statement<'record'>;
  metadata: string;
  wrap: StoredWrap;
  readonly upload: string;
  state: 'committed' | 'deleted';
}

export const memoryService = (clock: () => number) => {
  const identities = new Map<string, Statement<'identity'>>();
  const folders = new Map<string, Statement<'folder'>[]>();
  const parts = new Map<string, Map<number, Uint8Array>>();
  const records = new Map<string, Version>();
  const requests = new Map<string, { statement: Statement<'request'>; state: string; grants: string[] }>();
  const grants = new Map<string, StoredGrant>();
  const openings = new Set<string>();
  const trails = new Map<string, { event: string; hash: string; evidence?: string }[]>();
  const heads = new Map<string, ChainHead>();
  const entries = new Map<string, StoredEntry[]>();
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
    const { statement, extensions, state, used, holds } = g;
    const { hash: tip } = extensions.at(-1) ?? statement;
    return { statement: statement.jws, state, used, extensions: extensions.length, tip, holds };
  };
  const addGrant = (body: { statement: string; kfrags: string[] }): string => {
    const statement = read('grant', body.statement);
    const { grant, patient, cells, purpose, right, request } = statement.payload;
    grants.set(grant, { statement, extensions: [], kfrags: body.kfrags, state: 'active', used: 0, holds: 0 });
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

  const foldersOf = ({ payload }: Statement<'grant' | 'extension'>) => [...new Set(payload.cells.map((c) => c.folder))];
  const cellsOf = ({ statement, extensions }: StoredGrant) => [
    ...statement.payload.cells.map((cell) => ({ cell })),
    ...extensions.flatMap((e) => e.payload.cells.map((cell) => ({ cell, extension: e.jws }))),
  ];
  const addExtension = (body: { statement: string; kfrags: string[] }): Statement<'extension'> => {
    const extension = read('extension', body.statement);
    const { grant: id } = extension.payload;
    const grant = grants.get(id)!;
    const kfrags = [...grant.kfrags, ...body.kfrags];
    grants.set(id, { ...grant, extensions: [...grant.extensions, extension], kfrags });
    return extension;
  };
  const addFolder = (statement: Statement<'folder'>, carried: readonly string[] = []): void => {
    const { folder, epoch, patient, single } = statement.payload;
    folders.set(folder, [...(folders.get(folder) ?? []), statement]);
    log({
      kind: epoch === 1 ? 'folder-created' : 'epoch-started',
      patient,
      actor: patient,
      subject: {
        folder,
        epoch,
        ...(single === undefined ? {} : { records: [{ record: single.record, version: single.version }] }),
        ...(carried.length === 0 ? {} : { grants: carried }),
      } as EventDraft['subject'],
      statement: statement.hash,
    });
  };
  /** Pauses, resumes, revokes or returns a grant. */
  const changeGrant = <K extends 'pause' | 'resumption' | 'revocation' | 'return'>(kind: K, jws: string) => {
    const { payload, hash } = read(kind, jws) as Statement<'pause' | 'resumption' | 'revocation' | 'return'>;
    const grant = grants.get(payload.grant)!;
    const [event, state] = CHANGES[kind];
    grant.state = state;
    if (kind === 'pause' || kind === 'resumption') grant.holds += 1;
    const actor = 'recipient' in payload ? payload.recipient : payload.patient;
    log({ kind: event, patient: payload.patient, actor, subject: { grant: payload.grant }, statement: hash }, jws);
    return grantView(payload.grant);
  };

  const recapsulate = (jws: string) => {
    const opening = read('opening', jws);
    const p = opening.payload;
    const grant = p.grant === undefined ? undefined : grants.get(p.grant)!;
    if (grant?.state === 'revoked') throw new Refusal('grant-ended');
    const index = grant && cellsOf(grant).findIndex(({ cell }) => cell.folder === p.folder && cell.epoch === p.epoch);
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

  /** Adds the entry of a body to the caller's chain of statements, if it follows the last entry. */
  const addEntry = (caller: string, body: BodyWithEntry): void => {
    const chain = entries.get(caller) ?? [];
    const entry = read('entry', body.entry);
    if (chain[entry.payload.number - 1]?.entry === body.entry) return;
    if (entry.payload.number !== chain.length + 1) throw new Refusal('chain-moved');
    const several = [...(body.grants ?? []), ...(body.extensions ?? [])].map((b) => b.statement);
    const statements = body.statement === undefined ? several : [body.statement, ...several];
    const { voided } = body;
    entries.set(caller, [...chain, { entry: body.entry, statements, ...(voided === undefined ? {} : { voided }) }]);
  };

  const handle = (name: RouteName, params: Record<string, string>, sent: Sent): unknown => {
    const caller = callerOf(sent);
    const body = sent.body.length === 0 ? undefined : JSON.parse(fromUtf8(sent.body));
    if (body?.entry !== undefined) addEntry(caller, body);
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
        const extensions: Statement<'extension'>[] = (body.extensions ?? []).map(addExtension);
        addFolder(
          statement,
          extensions.map((e) => e.payload.grant),
        );
        return { statement: statement.jws, state: 'current' };
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
        log(
          {
            kind: 'record-filed',
            patient: p.patient,
            actor: p.author,
            subject: {
              folder: p.folder,
              epoch: p.epoch,
              records: [{ record: p.record, version: p.version }],
              ...(p.grant === undefined ? {} : { grant: p.grant.id }),
            },
            statement: statement.hash,
          },
          statement.jws,
        );
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
        const { hash, payload } = read('deletion', body.statement);
        const { folder, version } = v.statement.payload;
        const subject = { folder, records: [{ record: payload.record, version }] };
        const { patient } = payload;
        log({ kind: 'record-deleted', patient, actor: patient, subject, statement: hash }, body.statement);
        return { versions: [viewOf(v)], deletion: body.statement };
      }
      case 'request-access': {
        const statement = read('request', body.statement);
        const { patient, recipient: actor, request, purpose, scope } = statement.payload;
        const subject = { request, ...('folders' in scope ? { folders: scope.folders } : {}), purpose };
        log({ kind: 'access-requested', patient, actor, subject, statement: statement.hash }, statement.jws);
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
      case 'withdraw-request': {
        const request = requests.get(params['requestId']!)!;
        request.state = 'withdrawn';
        const { payload, hash } = read('withdrawal', body.statement);
        const { patient, recipient: actor } = payload;
        const subject = { request: payload.request };
        log({ kind: 'request-withdrawn', patient, actor, subject, statement: hash }, body.statement);
        return { statement: request.statement.jws, state: 'withdrawn' };
      }
      case 'grant-access':
        return grantView(addGrant(body));
      case 'get-grant': {
        const grant = grants.get(params['grantId']!);
        const cells = grant === undefined ? [] : cellsOf(grant);
        const at = Number(query.get('cursor') ?? 0);
        return {
          ...grantView(params['grantId']!),
          cells: cells.slice(at, at + 1).map(({ cell, ...rest }) => ({
            folder: folders.get(cell.folder)!.find((f) => f.payload.epoch === cell.epoch)!.jws,
            ...rest,
          })),
          ...(at + 1 < cells.length ? { next: `${at + 1}` } : {}),
        };
      }
      // In this fake service no grant is unsettled, and a client asks for each grant by its id.
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
      case 'extend-grant': {
        const extension = addExtension(body);
        const { patient, grant } = extension.payload;
        const subject = { grant, folders: foldersOf(extension) };
        log({ kind: 'grant-extended', patient, actor: patient, subject, statement: extension.hash });
        return grantView(grant);
      }
      case 'pause-grant':
        return changeGrant('pause', body.statement);
      case 'resume-grant':
        return changeGrant('resumption', body.statement);
      case 'revoke-grant':
        return changeGrant('revocation', body.statement);
      case 'return-grant':
        return changeGrant('return', body.statement);
      case 'settle-grant':
        return grantView(params['grantId']!);
      case 'recapsulate':
        return recapsulate(body.statement);
      case 'list-chain': {
        const chain = (entries.get(caller) ?? []).slice(Number(query.get('cursor') ?? query.get('after') ?? 0));
        const at = (entries.get(caller) ?? []).length - chain.length;
        return { entries: chain.slice(0, 3), ...(chain.length > 3 ? { next: `${at + 3}` } : {}) };
      }
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
    const grant = grants.get(p.grant!)!;
    const { receiving } = grant.statement.payload;
    const { cell } = cellsOf(grant).find((c) => c.cell.folder === p.folder && c.cell.epoch === p.epoch)!;
    const delegation = {
      verifying: identities.get(p.patient)!.payload.kfragSigner,
      delegating: cell.key,
      receiving: receiving.key,
      kfrag: cell.kfrags[0]!.id,
    };
    return { ...answer, signed: signedAnswer(opening.hash, wraps, { when: clock(), delegation }) };
  };

  /** Adds an act to the patient's chain, as another device of the patient does. */
  const appendEntry = (keys: DeviceKeys, statements: readonly Statement[]): void => {
    const chain = entries.get(keys.id) ?? [];
    const previous = chain.length === 0 ? {} : { previous: read('entry', chain.at(-1)!.entry).hash };
    const payload = {
      id: keys.id,
      service: SERVICE_KEY,
      number: chain.length + 1,
      ...previous,
      statements: statements.map((s) => s.hash),
      issued: clock(),
    };
    const entry = signNow('entry', payload, keys).jws;
    entries.set(keys.id, [...chain, { entry, statements: statements.map((s) => s.jws) }]);
  };
  /** Begins a new epoch, as another device of the patient does. */
  const nextEpoch = (id: string, keys: DeviceKeys): void => {
    const { payload, hash } = folders.get(id)!.at(-1)!;
    const epoch = payload.epoch + 1;
    const salt = new Uint8Array(16).fill(epoch);
    const key = toBase64url(encodePublicKey(publicKeyOf(keys.folderKey(payload.folder, epoch, salt))));
    const companion = toBase64url(decapsulator(keys.companionSeed(payload.folder, epoch, salt)).publicKey);
    const changes = { epoch, salt: toBase64url(salt), key, companion, previous: hash };
    const next = signNow('folder', { ...payload, ...changes }, keys);
    appendEntry(keys, [next]);
    addFolder(next);
  };

  return {
    state,
    nextEpoch,
    appendEntry,
    log,
    calls,
    puts,
    records,
    folders,
    grants,
    trails,
    entries,
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
