// Runs the planned calls of the model test on the use cases over the stores in memory, and stores the signed statements by number.
import { AppError } from '../../lib/api/errors.ts';
import type { RouteName } from '../../lib/api/routes.ts';
import type { Payload, Statement } from '../../lib/statements/kinds.ts';
import { publicKeyOf } from '../../lib/umbral/keys.ts';
import { makeMemory, type Memory } from '../support/memory/index.ts';
import {
  delegated,
  denialOf,
  epochAfter,
  filingOf,
  folderOf,
  grantOf,
  identityOf,
  nobody,
  openingOf,
  patient,
  receivingOf,
  recipient,
  requestOf,
  returnOf,
  revocationOf,
  signed,
  stranger,
  type Filing,
  type Person,
  type SignedGrant,
  companionsOf,
} from '../usecases/people.ts';
import { begin, send, trailOf, uploaded } from '../usecases/clinic.ts';
import { REPEATABLE } from './plans.ts';
import type { Cell, ExtensionPlan, GrantPlan, Name, Outcome, Plans, Scope, Version, PersonIndex } from './plans.ts';
import { hashOfLabel, wrapOf } from '../support/wraps.ts';

const PEOPLE: readonly Person[] = [patient, recipient, stranger, nobody];

interface Filed {
  readonly statement: Statement<'record'>;
  readonly fileKey: Uint8Array;
}

interface StartedUpload {
  readonly plan: Plans['begin'];
  readonly filing: Filing;
}

interface StoredGrant {
  readonly plan: GrantPlan;
  readonly grant: SignedGrant;
  /** Hashes of the grant and its extensions. */
  readonly tips: string[];
}

export interface System {
  readonly memory: Memory;
  now: number;
  readonly folders: Statement<'folder'>[][];
  readonly records: Filed[][];
  readonly begun: StartedUpload[];
  readonly requests: Statement<'request'>[];
  readonly grants: StoredGrant[];
  /** For each accepted call that may be repeated, a function that repeats it. */
  readonly done: (() => Promise<unknown>)[];
  last: () => Promise<unknown>;
}

export const newSystem = (now: number): System => ({
  memory: makeMemory(),
  now,
  folders: [],
  records: [],
  begun: [],
  requests: [],
  grants: [],
  done: [],
  last: () => Promise.reject(new TypeError('nothing was sent')),
});

const personOf = (who: PersonIndex): Person => PEOPLE[who]!;
const idOf = (who: PersonIndex) => personOf(who).keys.id;

const call = <N extends Parameters<typeof send>[1] & RouteName>(
  s: System,
  name: N,
  by: PersonIndex,
  input: Omit<Parameters<typeof send<N>>[3], 'now' | 'nonce'>,
) => {
  s.last = () => send(s.memory, name, personOf(by), { ...input, now: s.now });
  return s.last() as ReturnType<typeof send<N>>;
};

const statements = new Map<string, Statement<'identity'>>();
/** Returns the person's identity statement with that number. Every system gets the same statement. */
const identity = async (by: PersonIndex, number: number): Promise<Statement<'identity'>> => {
  const name = `${by}#${number}`;
  const known = statements.get(name);
  if (known !== undefined) return known;
  const receiving = receivingOf(personOf(by), number);
  const previous = number === 1 ? {} : { previous: (await identity(by, number - 1)).hash };
  const made = await identityOf(personOf(by), { number, receiving, ...previous });
  statements.set(name, made);
  return made;
};
const receivingKey = async (who: PersonIndex, number: number): Promise<Payload<'grant'>['receiving']> => {
  const { payload } = await identity(who, number);
  return { number, key: payload.receiving.key };
};

const cellOf = (s: System, { folder, epoch }: Cell): Statement<'folder'> => s.folders[folder]![epoch - 1]!;
const versionOf = (s: System, { record, version }: Version): Filed => s.records[record]![version - 1]!;
const folderId = (s: System, folder: number) => s.folders[folder]![0]!.payload.folder;

const delegate = (by: PersonIndex, cell: Statement<'folder'>, { to, key }: Pick<GrantPlan, 'to' | 'key'>) =>
  delegated(personOf(by), cell, personOf(to), { receiving: publicKeyOf(personOf(to).keys.receiving(key)) });

const extensionOf = async (s: System, by: PersonIndex, { grant, number }: ExtensionPlan, cell: Statement<'folder'>) => {
  const { plan, grant: of, tips } = s.grants[grant]!;
  const made = delegate(by, cell, plan);
  const statement = await signed(
    'extension',
    {
      patient: idOf(by),
      grant: of.statement.payload.grant,
      number,
      previous: tips.at(-1)!,
      cells: [made.cell],
      companions: companionsOf(1),
      issued: s.now,
    },
    {},
    personOf(by),
  );
  return { statement, body: { statement: statement.jws, kfrags: [made.kfrag] } };
};

const scopeOf = (s: System, scope: Scope): Payload<'request'>['scope'] => {
  if ('folders' in scope) return { folders: scope.folders.map((f) => folderId(s, f)) };
  if ('record' in scope) return { record: versionOf(s, { record: scope.record, version: 1 }).statement.payload.record };
  return 'everything' in scope ? { everything: true } : { categories: [...scope.categories] };
};

const grantFor = async (s: System, g: GrantPlan): Promise<SignedGrant> => {
  const made = g.cells.map((c) => delegate(g.by, cellOf(s, c), g));
  const isRead = g.right === 'read';
  return grantOf(
    [],
    {
      to: personOf(g.to),
      ...(g.request === undefined ? {} : { answers: s.requests[g.request]! }),
      receiving: await receivingKey(g.to, g.key),
      right: g.right,
      cells: made.map(({ cell }) => (isRead ? cell : { ...cell, kfrags: [] })),
      kfrags: isRead ? made.map((d) => d.kfrag) : [],
      notBefore: g.notBefore,
      expires: g.expires,
      ...(g.openings === undefined ? {} : { openings: g.openings }),
      ...(g.standing === undefined
        ? {}
        : { standing: 'everything' in g.standing ? g.standing : { categories: [...g.standing.categories] } }),
      purpose: g.purpose,
      issued: s.now,
    },
    personOf(g.by),
  );
};

const keep = (s: System, plan: GrantPlan, grant: SignedGrant): void => {
  s.grants.push({ plan, grant, tips: [grant.statement.hash] });
};

/** Makes the first or the next version of a record. A next version names the last version that its author knows. */
const fileFor = async (s: System, p: Plans['begin'], of: Partial<Filing> = {}): Promise<Filing> => {
  const before = p.record === undefined ? [] : s.records[p.record]!;
  const last = before[p.version - 2] ?? before.at(-1);
  const grant = p.grant === undefined ? undefined : s.grants[p.grant]!.grant.statement;
  return filingOf(personOf(p.by), cellOf(s, p), {
    patient: s.folders[p.folder]![0]!.payload.patient,
    version: p.version,
    created: of.statement?.payload.created ?? s.now,
    ...(before.length === 0 ? {} : { record: before[0]!.statement.payload.record }),
    ...(last === undefined ? {} : { previous: last.statement.hash }),
    ...(grant === undefined ? {} : { grant: { id: grant.payload.grant, hash: grant.hash } }),
    ...(of.statement === undefined ? {} : { record: of.statement.payload.record }),
    ...(of.blob === undefined ? {} : { blob: of.blob }),
    ...(of.upload === undefined ? {} : { upload: of.upload }),
  });
};

const hold =
  (kind: 'pause' | 'resumption', route: 'pause-grant' | 'resume-grant') =>
  async (s: System, { by, grant, number }: Plans['pause']): Promise<void> => {
    const { payload, hash } = s.grants[grant]!.grant.statement;
    const members = { patient: idOf(by), grant: payload.grant, of: hash, number, when: s.now };
    const { jws } = await signed(kind, members, {}, personOf(by));
    await call(s, route, by, { params: { grantId: payload.grant }, body: { statement: jws } });
  };

type Acts = { readonly [N in Name]: (s: System, plan: Plans[N]) => Promise<void> };

const acts: Acts = {
  'sign up': async (s, { by, number }) => {
    const { jws } = await identity(by, number);
    await call(s, 'register', by, { params: { id: idOf(by) }, body: { statement: jws } });
  },

  folder: async (s, { by, category, carry }) => {
    const statement = await folderOf(personOf(by), { category, issued: s.now });
    const extensions = await Promise.all(carry.map((e) => extensionOf(s, by, e, statement)));
    await call(s, 'create-folder', by, {
      params: { folderId: statement.payload.folder },
      body: { statement: statement.jws, extensions: extensions.map((e) => e.body) },
    });
    s.folders.push([statement]);
    for (const [i, e] of carry.entries()) s.grants[e.grant]!.tips.push(extensions[i]!.statement.hash);
  },

  share: async (s, { by, record, version }) => {
    const { statement: shared, fileKey } = versionOf(s, { record, version });
    const single = { record: shared.payload.record, version };
    const empty = await folderOf(personOf(by), { issued: s.now });
    const wrap = wrapOf(fileKey, empty, single);
    const statement = await folderOf(personOf(by), {
      ...empty.payload,
      single: { ...single, label: hashOfLabel(wrap) },
    });
    const body = { statement: statement.jws, wrap };
    await call(s, 'create-folder', by, { params: { folderId: statement.payload.folder }, body });
    s.folders.push([statement]);
  },

  epoch: async (s, { by, folder, epoch, carry }) => {
    const statement = await epochAfter(personOf(by), s.folders[folder]!.at(-1)!, {
      epoch,
      category: s.folders[folder]![0]!.payload.category,
      issued: s.now,
    });
    const extensions = await Promise.all(carry.map((e) => extensionOf(s, by, e, statement)));
    await call(s, 'create-folder', by, {
      params: { folderId: statement.payload.folder },
      body: { statement: statement.jws, extensions: extensions.map((e) => e.body) },
    });
    s.folders[folder]!.push(statement);
    for (const [i, e] of carry.entries()) s.grants[e.grant]!.tips.push(extensions[i]!.statement.hash);
  },

  begin: async (s, plan) => {
    const filing = await fileFor(s, plan);
    const named = plan.grant === undefined ? {} : { grant: s.grants[plan.grant]!.grant.statement.payload.grant };
    await begin(s.memory, personOf(plan.by), filing, { ...named, now: s.now });
    await uploaded(s.memory, personOf(plan.by), filing);
    s.begun.push({ plan, filing });
  },

  commit: async (s, { filing: n, epoch }) => {
    const { plan, filing } = s.begun[n]!;
    const of = epoch === plan.epoch ? filing : await fileFor(s, { ...plan, epoch }, filing);
    const { record, version } = of.statement.payload;
    await call(s, 'commit-record', plan.by, { params: { recordId: record, version }, body: of.body });
    const filed = { statement: of.statement, fileKey: of.fileKey };
    if (plan.record === undefined) s.records.push([filed]);
    else s.records[plan.record]!.push(filed);
  },

  ask: async (s, { by, to, key, scope, rights, purpose, duration, until }) => {
    const statement = await requestOf(personOf(by), [], {
      patient: idOf(to),
      receiving: await receivingKey(by, key),
      scope: scopeOf(s, scope),
      rights: [...rights],
      purpose,
      duration,
      until,
      created: s.now,
    });
    const params = { requestId: statement.payload.request };
    await call(s, 'request-access', by, { params, body: { statement: statement.jws } });
    s.requests.push(statement);
  },

  approve: async (s, { by, request, grants }) => {
    const made = await Promise.all(grants.map((g) => grantFor(s, g)));
    const params = { requestId: s.requests[request]!.payload.request };
    await call(s, 'approve-request', by, { params, body: { grants: made.map((g) => g.body) } });
    for (const [i, g] of grants.entries()) keep(s, g, made[i]!);
  },

  deny: async (s, { by, request }) => {
    const of = s.requests[request]!;
    const { jws } = await denialOf(of, { when: s.now }, personOf(by));
    await call(s, 'deny-request', by, { params: { requestId: of.payload.request }, body: { statement: jws } });
  },

  withdraw: async (s, { by, request }) => {
    const { payload, hash } = s.requests[request]!;
    const members = { recipient: idOf(by), patient: payload.patient, request: payload.request, of: hash, when: s.now };
    const { jws } = await signed('withdrawal', { ...members, code: 'mistake' }, {}, personOf(by));
    await call(s, 'withdraw-request', by, { params: { requestId: payload.request }, body: { statement: jws } });
  },

  give: async (s, plan) => {
    const grant = await grantFor(s, plan);
    const params = { grantId: grant.statement.payload.grant };
    await call(s, 'grant-access', plan.by, { params, body: grant.body });
    keep(s, plan, grant);
  },

  extend: async (s, { by, grant, number, ...cell }) => {
    const { statement, body } = await extensionOf(s, by, { grant, number }, cellOf(s, cell));
    await call(s, 'extend-grant', by, { params: { grantId: statement.payload.grant }, body });
    s.grants[grant]!.tips.push(statement.hash);
  },

  pause: hold('pause', 'pause-grant'),
  resume: hold('resumption', 'resume-grant'),

  revoke: async (s, { by, grant }) => {
    const { statement } = s.grants[grant]!.grant;
    const { jws } = await revocationOf(statement, { when: s.now }, personOf(by));
    const params = { grantId: statement.payload.grant };
    await call(s, 'revoke-grant', by, { params, body: { statement: jws } });
  },

  return: async (s, { by, grant }) => {
    const { statement } = s.grants[grant]!.grant;
    const { jws } = await returnOf(statement, { when: s.now }, personOf(by));
    const params = { grantId: statement.payload.grant };
    await call(s, 'return-grant', by, { params, body: { statement: jws } });
  },

  settle: async (s, { by, grant }) => {
    const { payload } = s.grants[grant]!.grant.statement;
    await call(s, 'settle-grant', by, { params: { grantId: payload.grant }, body: {} });
  },

  open: async (s, { by, grant, records, skew, ...cell }) => {
    const of = cellOf(s, cell);
    const opening = await openingOf(
      personOf(by),
      of,
      records.map((v) => versionOf(s, v).statement),
      {
        patient: of.payload.patient,
        when: s.now + skew,
        ...(grant === undefined ? {} : { grant: s.grants[grant]!.grant.statement.payload.grant }),
      },
    );
    const params = { openingId: opening.payload.opening };
    const answer = await call(s, 'recapsulate', by, { params, body: { statement: opening.jws } });
    const shares = grant === undefined ? 0 : 1;
    const isAll = answer.records.length === records.length;
    if (!isAll || answer.records.some((r) => (r.wrap.cfrags ?? []).length !== shares))
      throw new TypeError('an accepted opening was not answered');
  },

  again: async (s, { call: n }) => {
    await s.done[n]!();
  },

  advance: (s, { to }) => {
    s.now = to;
    return Promise.resolve();
  },
};

const outcomeOf = ({ code, details: { reason, member, retryAfter } }: AppError): Outcome =>
  [code, reason ?? member ?? retryAfter].filter((part) => part !== undefined).join(' ');

/** Makes the call and returns its outcome. A refused call must have changed nothing. */
export const observed = async <N extends Name>(s: System, name: N, plan: Plans[N]): Promise<Outcome> => {
  const before = s.memory.snapshot();
  try {
    await acts[name](s, plan);
  } catch (error) {
    if (!(error instanceof AppError)) throw error;
    const changed = s.memory.changedSince(before);
    return changed.length === 0 ? outcomeOf(error) : `${outcomeOf(error)}, and changed ${changed.join()}`;
  }
  if (REPEATABLE.includes(name)) s.done.push(s.last);
  return 'ok';
};

const everyone = (s: System): readonly Person[] => PEOPLE.filter((p) => s.memory.state.identities.has(p.keys.id));
const ALL = { limit: 100 } as const;

const grantView = async (s: System, { plan, grant }: StoredGrant, i: number, cells: ReadonlyMap<string, string>) => {
  // The patient reads the grants with even numbers, the recipient those with odd numbers. Both must see the same, before and after the end.
  const reader = personOf(i % 2 === 0 ? plan.by : plan.to);
  const params = { grantId: grant.statement.payload.grant };
  const seen = await send(s.memory, 'get-grant', reader, { params, query: ALL, now: s.now });
  const { state, used, extensions, holds } = seen;
  const opens = plan.right === 'read' ? seen.cells.map((c) => cells.get(c.folder)!).sort() : [];
  return { state, used, extensions, holds, opens };
};

const currentEpoch = async (s: System, folder: number) =>
  (await s.memory.ports.folders.find(folderId(s, folder)))?.statement.payload.epoch;

/** Everything that the people can see of the system, and the current epoch of each folder. */
export const systemView = async (s: System) => {
  const cells = new Map(s.folders.flatMap((of, f) => of.map((c, i) => [c.jws, `${f}#${i + 1}`] as const)));
  const people = everyone(s);
  const requests = new Map<string, string>();
  const unsettled = new Set<string>();
  for (const person of people) {
    const now = s.now;
    const asPatient = { as: 'patient', ...ALL } as const;
    for (const r of (await send(s.memory, 'list-requests', person, { query: asPatient, now })).requests)
      requests.set(r.statement, r.state);
    const query = { ...asPatient, state: 'unsettled' } as const;
    for (const g of (await send(s.memory, 'list-grants', person, { query, now })).grants) unsettled.add(g.statement);
  }
  const grants = [];
  for (const [i, g] of s.grants.entries()) grants.push(await grantView(s, g, i, cells));
  return {
    trails: PEOPLE.flatMap((p, who) => {
      const events = trailOf(s.memory, p);
      const lines = events.map((e) => `${e.kind} by ${PEOPLE.findIndex((x) => x.keys.id === e.actor)}`);
      return lines.length === 0 ? [] : [[who, lines] as const];
    }),
    folders: await Promise.all(s.folders.map((_, f) => currentEpoch(s, f))),
    requests: s.requests.map((r) => requests.get(r.jws)),
    grants,
    unsettled: s.grants.flatMap(({ grant }, i) => (unsettled.has(grant.statement.jws) ? [i] : [])),
  };
};
