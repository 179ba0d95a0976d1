// Models the rules: a small state machine over numbers, written from the documents without any code of lib, so that model and lib agree only if both are
// right. A rule returns the outcome. If the outcome is `ok`, the rule has changed the model. The text after a colon in an outcome says which rule refused;
// the service does not return it.
import {
  REPEATABLE,
  type Category,
  type Cell,
  type ExtensionPlan,
  type GrantPlan,
  type Name,
  type Outcome,
  type Plans,
  type Purpose,
  type Right,
  type Scope,
  type Standing,
  type PersonIndex,
} from './plans.ts';

const SECOND = 1000;
const MINUTE = 60 * SECOND;
const DAY = 24 * 60 * MINUTE;

interface Folder {
  readonly owner: PersonIndex;
  readonly category: Category;
  /** The record of a single-record folder. */
  readonly single?: number;
  epoch: number;
}

/** The properties of a folder that decide whether a grant covers it. */
type Facts = Pick<Folder, 'category' | 'single'>;

interface ModelRecord {
  readonly patient: PersonIndex;
  readonly folder: number;
  /** For each version, the cells for which it is wrapped. */
  readonly versions: Set<string>[];
}

type Filing = Omit<Plans['begin'], 'record'> & {
  readonly created: number;
  /** Undefined for a new record until the commit. */
  record: number | undefined;
  done: boolean;
};

type ModelRequest = Plans['ask'] & {
  state: 'pending' | 'approved' | 'denied' | 'withdrawn';
  /** The time in the statement that denied or withdrew the request. */
  closed?: number;
};

interface Grant extends GrantPlan {
  state: 'active' | 'paused' | 'revoked';
  /** The time in the patient's revocation. Undefined if the recipient returned the grant. */
  revoked?: number;
  used: number;
  extensions: number;
  holds: number;
  /** The time when the grant ended or will end. Undefined after its cells were closed. */
  end: number | undefined;
  /** The cells that a grant to read opens. */
  readonly opens: Set<string>;
  pace: { second: number; count: number };
}

interface DoneCall {
  readonly name: Name;
  readonly plan: Plans[Name];
  readonly at: number;
}

export interface Model {
  now: number;
  /** Number of each person's last identity statement. */
  readonly people: Map<PersonIndex, number>;
  readonly folders: Folder[];
  readonly records: ModelRecord[];
  readonly filings: Filing[];
  readonly requests: ModelRequest[];
  readonly grants: Grant[];
  readonly trails: Map<PersonIndex, string[]>;
  /** Accepted calls that may be repeated. */
  readonly done: DoneCall[];
}

export const emptyModel = (now: number): Model => ({
  now,
  people: new Map(),
  folders: [],
  records: [],
  filings: [],
  requests: [],
  grants: [],
  trails: new Map(),
  done: [],
});

const text = ({ folder, epoch }: Cell): string => `${folder}#${epoch}`;

const log = (m: Model, patient: PersonIndex, kind: string, actor: PersonIndex): void => {
  m.trails.set(patient, [...(m.trails.get(patient) ?? []), `${kind} by ${actor}`]);
};

/** The state of a grant, with the first reason why it is not active. */
export const stateOf = (
  g: Grant,
  now: number,
): 'active' | 'revoked' | 'expired' | 'exhausted' | 'paused' | 'not-begun' => {
  if (g.state === 'revoked') return 'revoked';
  if (now >= g.expires) return 'expired';
  if (g.openings !== undefined && g.used >= g.openings) return 'exhausted';
  if (g.state === 'paused') return 'paused';
  return now < g.notBefore ? 'not-begun' : 'active';
};

export const endOf = (m: Model, g: Grant): 'revoked' | 'expired' | 'exhausted' | undefined => {
  const state = stateOf(g, m.now);
  return state === 'revoked' || state === 'expired' || state === 'exhausted' ? state : undefined;
};

const ended = (m: Model, g: Grant): Outcome | undefined => {
  const end = endOf(m, g);
  return end && `grant-ended ${end}`;
};

/** Returns the refusal if the grant is not live. */
const notLive = (m: Model, g: Grant): Outcome | undefined => {
  const state = stateOf(g, m.now);
  if (state === 'active') return undefined;
  return state === 'not-begun' ? 'grant-not-begun' : `grant-ended ${state}`;
};

const within = (scope: Scope, f: Facts, folder: number): boolean => {
  if ('everything' in scope) return true;
  if ('categories' in scope) return scope.categories.includes(f.category);
  return 'folders' in scope ? scope.folders.includes(folder) : f.single === scope.record;
};

export const reached = (m: Model, scope: Scope, folder: number): boolean => within(scope, m.folders[folder]!, folder);

/** Whether a grant covers later cells of the folder. */
export const takesIn = (g: GrantPlan, f: Facts, folder: number): boolean => {
  if (g.right !== 'read') return false;
  if (g.cells.some((c) => c.folder === folder)) return true;
  return g.standing !== undefined && f.single === undefined && within(g.standing, f, folder);
};

export const isPending = (m: Model, r: ModelRequest): boolean => r.state === 'pending' && m.now < r.until;

// Grants.

const memberFault = (m: Model, g: GrantPlan): Outcome | undefined => {
  if (g.to === g.by) return 'statement-invalid recipient';
  if (g.expires <= g.notBefore || g.expires <= m.now) return 'statement-invalid expires';
  if (g.right === 'read') return undefined;
  if (g.cells.length !== 1) return 'statement-invalid cells';
  if (g.openings !== undefined) return 'statement-invalid openings';
  return g.standing === undefined ? undefined : 'statement-invalid standing';
};

const staysWithin = (standing: Standing, scope: Scope): boolean => {
  if ('everything' in scope) return true;
  if (!('categories' in scope) || !('categories' in standing)) return false;
  return standing.categories.every((c) => scope.categories.includes(c));
};

const excess = (m: Model, g: GrantPlan, r: ModelRequest): string | undefined => {
  if (g.to !== r.by) return 'recipient';
  if (g.key !== r.key) return 'receiving';
  if (!r.rights.includes(g.right)) return 'right';
  if (g.purpose !== r.purpose) return 'purpose';
  if (g.expires - g.notBefore > r.duration * SECOND) return 'expires';
  if (g.standing !== undefined && !staysWithin(g.standing, r.scope)) return 'standing';
  return g.cells.every((c) => reached(m, r.scope, c.folder)) ? undefined : 'cells';
};

/** Whether records may be filed: only in the current epoch of a folder, and never in a single-record folder. */
const takesRecords = (f: Folder, epoch: number): boolean => f.epoch === epoch && f.single === undefined;

const grantRefusal = (m: Model, g: GrantPlan, request?: number): Outcome | undefined => {
  if (!m.people.has(g.by)) return 'not-registered';
  if (g.cells.some((c) => m.folders[c.folder]!.owner !== g.by)) return 'not-found: folder of another';
  if (!m.people.has(g.to)) return 'not-found: recipient';
  const beyond = request === undefined ? undefined : excess(m, g, m.requests[request]!);
  if (beyond !== undefined) return `grant-exceeds-request ${beyond}`;
  if (g.key !== m.people.get(g.to)) return 'statement-invalid receiving';
  if (g.right !== 'read' && g.cells.some((c) => !takesRecords(m.folders[c.folder]!, c.epoch)))
    return 'statement-invalid cells';
  return undefined;
};

const addGrant = (m: Model, g: GrantPlan): void => {
  const isRead = g.right === 'read';
  m.grants.push({
    ...g,
    state: 'active',
    used: 0,
    extensions: 0,
    holds: 0,
    end: isRead ? g.expires : undefined,
    opens: new Set(isRead ? g.cells.map(text) : []),
    pace: { second: 0, count: 0 },
  });
  log(m, g.by, 'access-granted', g.by);
};

// Extensions.

interface ExtensionInput extends Cell {
  readonly by: PersonIndex;
  readonly carried: ExtensionPlan;
  readonly facts: Facts;
}

const notExtendable = (m: Model, { by, carried, facts, ...cell }: ExtensionInput): Outcome | undefined => {
  const g = m.grants[carried.grant]!;
  if (g.by !== by) return 'not-found';
  const over = ended(m, g);
  if (over !== undefined) return over;
  if (!takesIn(g, facts, cell.folder)) return 'grant-exceeds-request cells';
  if (carried.number !== g.extensions + 1) return 'statement-outdated';
  return g.opens.has(text(cell)) ? 'already-exists' : undefined;
};

const addCell = (m: Model, { grant }: ExtensionPlan, cell: Cell): void => {
  const g = m.grants[grant]!;
  g.extensions += 1;
  g.opens.add(text(cell));
};

const carryOverRefusal = (
  m: Model,
  by: PersonIndex,
  carry: readonly ExtensionPlan[],
  cell: Cell,
  facts: Facts,
): Outcome | undefined =>
  carry.map((carried) => notExtendable(m, { by, carried, facts, ...cell })).find((refusal) => refusal !== undefined);

// Filing.

const mayFile = (
  m: Model,
  { by, grant, folder, version }: Omit<Filing, 'record' | 'created' | 'done'>,
): Outcome | undefined => {
  const { owner } = m.folders[folder]!;
  if (grant === undefined) return owner === by ? undefined : 'not-found: by another';
  const g = m.grants[grant]!;
  if (g.to !== by) return 'not-found: by another';
  if (g.right !== (version === 1 ? 'add' : 'write')) return 'not-found: by another right';
  if (notLive(m, g) !== undefined) return notLive(m, g);
  if (g.by !== owner) return 'not-found: of another patient';
  return g.cells[0]!.folder === folder ? undefined : 'not-found: in another folder';
};

// Requests.

const denyOrWithdraw =
  (kind: 'denied' | 'withdrawn', party: 'by' | 'to') =>
  (m: Model, { by, request }: Plans['deny']): Outcome => {
    const r = m.requests[request]!;
    if (!m.people.has(by)) return 'not-registered';
    if (r[party] !== by) return 'not-found';
    // A second denial is a repetition only if it has the same time, because it is then the same statement. A second withdrawal always is one.
    if (r.state === kind && (kind === 'withdrawn' || r.closed === m.now)) return 'ok';
    if (!isPending(m, r)) return 'request-closed';
    r.state = kind;
    r.closed = m.now;
    log(m, r.to, `request-${kind}`, by);
    return 'ok';
  };

const pauseOrResume =
  (from: 'active' | 'paused', to: 'active' | 'paused', kind: string) =>
  (m: Model, { by, grant, number }: Plans['pause']): Outcome => {
    const g = m.grants[grant]!;
    if (!m.people.has(by)) return 'not-registered';
    if (g.by !== by) return 'not-found';
    const over = ended(m, g);
    if (over !== undefined) return over;
    if (g.state !== from || number !== g.holds + 1) return 'statement-outdated';
    g.state = to;
    g.holds = number;
    log(m, by, kind, by);
    return 'ok';
  };

const endGrant =
  (party: 'by' | 'to', kind: string) =>
  (m: Model, { by, grant }: Plans['revoke']): Outcome => {
    const g = m.grants[grant]!;
    if (!m.people.has(by)) return 'not-registered';
    if (g[party] !== by) return 'not-found';
    // A second revocation is a repetition only if it has the same time, because it is then the same statement. A second return always is one.
    if (g.state === 'revoked') return party === 'to' || g.revoked === m.now ? 'ok' : 'grant-ended revoked';
    g.state = 'revoked';
    if (party === 'by') g.revoked = m.now;
    if (g.right === 'read') g.end = m.now;
    log(m, g.by, kind, by);
    return 'ok';
  };

const limitRefusal = (m: Model, g: Grant, records: number): Outcome | undefined => {
  const second = Math.floor(m.now / SECOND);
  const count = second > g.pace.second ? 1 : g.pace.count + 1;
  if (count > 20) return 'too-many 1';
  if (g.openings !== undefined && g.used + records > g.openings) return 'grant-ended exhausted';
  return undefined;
};

/** The outcome of a repeated call. */
const repeated = (m: Model, { name, plan, at }: DoneCall): Outcome => {
  if (name === 'sign up') {
    const { by, number } = plan as Plans['sign up'];
    return m.people.get(by) === number ? 'ok' : 'statement-outdated';
  }
  if (name === 'folder' || name === 'share' || name === 'epoch') {
    const { folder, epoch } = plan as Plans['epoch'];
    if (m.folders[folder]!.epoch === epoch) return 'ok';
    return epoch === 1 ? 'already-exists' : 'statement-outdated';
  }
  if (name === 'extend' || name === 'pause' || name === 'resume') {
    const { grant, number } = plan as Plans['extend'];
    const g = m.grants[grant]!;
    if ((name === 'extend' ? g.extensions : g.holds) === number) return 'ok';
    return ended(m, g) ?? 'statement-outdated';
  }
  if (name === 'open') {
    const { skew, grant } = plan as Plans['open'];
    if (at + skew <= m.now - 11 * MINUTE) return 'statement-invalid when';
    if (m.now - at > 10 * MINUTE) return 'already-exists';
    if (grant === undefined) return 'ok';
    // The service does not count a repeated opening, so it answers one even if no opening is left.
    const { openings: _openings, ...unlimited } = m.grants[grant]!;
    return notLive(m, unlimited) ?? 'ok';
  }
  return 'ok';
};

type Rules = { readonly [N in Name]: (m: Model, plan: Plans[N]) => Outcome };

const rules: Rules = {
  'sign up': (m, { by, number }) => {
    const last = m.people.get(by) ?? 0;
    if (last > 0 && number === last) return 'ok';
    if (number !== last + 1) return 'statement-outdated';
    m.people.set(by, number);
    log(m, by, 'registered', by);
    return 'ok';
  },

  folder: (m, { by, category, carry }) => {
    if (!m.people.has(by)) return 'not-registered';
    const cell = { folder: m.folders.length, epoch: 1 };
    const refusal = carryOverRefusal(m, by, carry, cell, { category });
    if (refusal !== undefined) return refusal;
    m.folders.push({ owner: by, category, epoch: 1 });
    for (const e of carry) addCell(m, e, cell);
    log(m, by, 'folder-created', by);
    return 'ok';
  },

  share: (m, { by, record, version }) => {
    if (!m.people.has(by)) return 'not-registered';
    const r = m.records[record]!;
    if (r.patient !== by) return 'not-found';
    r.versions[version - 1]!.add(text({ folder: m.folders.length, epoch: 1 }));
    m.folders.push({ owner: by, category: 'letters', single: record, epoch: 1 });
    log(m, by, 'folder-created', by);
    return 'ok';
  },

  epoch: (m, { by, folder, epoch, carry }) => {
    const f = m.folders[folder]!;
    if (!m.people.has(by)) return 'not-registered';
    if (f.owner !== by) return 'not-found';
    if (epoch !== f.epoch + 1) return 'statement-outdated';
    const refusal = carryOverRefusal(m, by, carry, { folder, epoch }, f);
    if (refusal !== undefined) return refusal;
    f.epoch = epoch;
    for (const e of carry) addCell(m, e, { folder, epoch });
    log(m, by, 'epoch-started', by);
    return 'ok';
  },

  begin: (m, plan) => {
    const { by, folder, epoch, record, version } = plan;
    if (!m.people.has(by)) return 'not-registered';
    const refusal = mayFile(m, plan);
    if (refusal !== undefined) return refusal;
    if (epoch !== m.folders[folder]!.epoch) return 'cell-closed';
    const r = record === undefined ? undefined : m.records[record]!;
    if (r !== undefined && r.patient !== m.folders[folder]!.owner) return 'not-found: of another patient';
    if (r !== undefined && version === 1) return 'already-exists';
    if (version !== (r?.versions.length ?? 0) + 1) return 'version-conflict';
    if (r !== undefined && r.folder !== folder) return 'not-found: in another folder';
    m.filings.push({ ...plan, record, created: m.now, done: false });
    return 'ok';
  },

  commit: (m, { filing, epoch }) => {
    const f = m.filings[filing]!;
    const refusal = mayFile(m, f);
    if (refusal !== undefined) return refusal;
    const { owner, epoch: current } = m.folders[f.folder]!;
    if (epoch !== current) return 'cell-closed';
    if (f.created <= m.now - DAY) return 'created-too-old';
    const versions = f.record === undefined ? [] : m.records[f.record]!.versions;
    if (f.version !== versions.length + 1) return 'version-conflict';
    if (f.record === undefined) {
      f.record = m.records.length;
      m.records.push({ patient: owner, folder: f.folder, versions });
    }
    versions.push(new Set([text({ folder: f.folder, epoch })]));
    f.done = true;
    log(m, owner, 'record-filed', f.by);
    return 'ok';
  },

  ask: (m, plan) => {
    const { by, to, key, until } = plan;
    if (!m.people.has(by)) return 'not-registered';
    if (until <= m.now || until > m.now + 90 * DAY) return 'statement-invalid until';
    if (by === to) return 'statement-invalid recipient';
    if (!m.people.has(to)) return 'not-found';
    if (key !== m.people.get(by)) return 'statement-invalid receiving';
    const pending = m.requests.filter((r) => r.by === by && r.to === to && isPending(m, r));
    if (pending.length >= 5)
      return `too-many ${Math.max(1, Math.ceil((Math.min(...pending.map((r) => r.until)) - m.now) / SECOND))}`;
    m.requests.push({ ...plan, state: 'pending' });
    log(m, to, 'access-requested', by);
    return 'ok';
  },

  approve: (m, { by, request, grants }) => {
    const r = m.requests[request]!;
    if (!m.people.has(by)) return 'not-registered';
    if (r.to !== by) return 'not-found: request of another';
    if (new Set(grants.map((g) => g.right)).size < grants.length) return 'statement-invalid right';
    if (grants.some((g) => g.request !== request)) return 'grant-exceeds-request request';
    if (!isPending(m, r)) return 'request-closed';
    const refusal = [...grants.map((g) => memberFault(m, g)), ...grants.map((g) => grantRefusal(m, g, request))];
    const first = refusal.find((f) => f !== undefined);
    if (first !== undefined) return first;
    r.state = 'approved';
    for (const g of grants) addGrant(m, g);
    return 'ok';
  },

  deny: denyOrWithdraw('denied', 'to'),
  withdraw: denyOrWithdraw('withdrawn', 'by'),

  give: (m, g) => {
    const r = g.request === undefined ? undefined : m.requests[g.request]!;
    if (r !== undefined && r.to !== g.by)
      return m.people.has(g.by) ? 'not-found: request of another' : 'not-registered';
    if (r !== undefined && r.state !== 'approved') return 'request-closed';
    const refusal = memberFault(m, g) ?? grantRefusal(m, g, g.request);
    if (refusal !== undefined) return refusal;
    addGrant(m, g);
    return 'ok';
  },

  extend: (m, { by, grant, number, ...cell }) => {
    if (!m.people.has(by)) return 'not-registered';
    if (m.grants[grant]!.by !== by) return 'not-found: grant of another';
    if (m.folders[cell.folder]!.owner !== by) return 'not-found: folder of another';
    const facts = m.folders[cell.folder]!;
    const refusal = notExtendable(m, { by, carried: { grant, number }, facts, ...cell });
    if (refusal !== undefined) return refusal;
    addCell(m, { grant, number }, cell);
    log(m, by, 'grant-extended', by);
    return 'ok';
  },

  pause: pauseOrResume('active', 'paused', 'grant-paused'),
  resume: pauseOrResume('paused', 'active', 'grant-resumed'),

  revoke: endGrant('by', 'grant-revoked'),
  return: endGrant('to', 'grant-returned'),

  settle: (m, { by, grant }) => {
    const g = m.grants[grant]!;
    if (!m.people.has(by)) return 'not-registered';
    if (g.by !== by) return 'not-found';
    const isOpen = m.folders.some(
      (f, folder) => f.single === undefined && g.opens.has(text({ folder, epoch: f.epoch })),
    );
    if (endOf(m, g) === undefined || isOpen) return 'cells-open';
    g.end = undefined;
    const isShared = m.folders.some(
      (_, folder) => g.opens.has(text({ folder, epoch: 1 })) && m.folders[folder]!.single !== undefined,
    );
    return isShared ? 'ok: single folders need no new epoch' : 'ok';
  },

  open: (m, { by, grant, records, skew, ...cell }) => {
    if (skew > MINUTE || skew <= -11 * MINUTE) return 'statement-invalid when';
    if (!m.people.has(by)) return 'not-registered';
    const { owner } = m.folders[cell.folder]!;
    const g = grant === undefined ? undefined : m.grants[grant]!;
    if (g === undefined && owner !== by) return 'not-found: by another';
    if (g !== undefined) {
      if (g.to !== by) return 'not-found: by another';
      if (g.right !== 'read') return 'not-found: by another right';
      if (g.by !== owner) return 'not-found: of another patient';
      const refusal =
        notLive(m, g) ?? (g.opens.has(text(cell)) ? limitRefusal(m, g, records.length) : 'not-found: cell');
      if (refusal !== undefined) return refusal;
    }
    const isThere = records.every((v) => m.records[v.record]!.versions[v.version - 1]?.has(text(cell)));
    if (!isThere) return 'not-found: record';
    if (g !== undefined) {
      const second = Math.floor(m.now / SECOND);
      g.pace = { second, count: second > g.pace.second ? 1 : g.pace.count + 1 };
      g.used += records.length;
      if (g.used === g.openings) g.end = m.now;
    }
    log(m, owner, 'records-opened', by);
    return 'ok';
  },

  again: (m, { call }) => repeated(m, m.done[call]!),

  advance: (m, { to }) => {
    m.now = to;
    return 'ok';
  },
};

/** Runs the rule of a call and returns its outcome. */
export const expected = <N extends Name>(m: Model, name: N, plan: Plans[N]): Outcome => {
  const folder = m.folders.length;
  const outcome = rules[name](m, plan);
  if (outcome !== 'ok' || !REPEATABLE.includes(name)) return outcome;
  const repeatable = name === 'folder' || name === 'share' ? { ...plan, folder, epoch: 1 } : plan;
  m.done.push({ name, plan: repeatable, at: m.now });
  return outcome;
};

/** Everything that the people can see of the model. */
export const modelView = (m: Model) => ({
  trails: [...m.trails].sort(([a], [b]) => a - b),
  folders: m.folders.map((f) => f.epoch),
  requests: m.requests.map((r) => (r.state === 'pending' && !isPending(m, r) ? 'expired' : r.state)),
  grants: m.grants.map((g) => ({
    state: stateOf(g, m.now),
    used: g.used,
    extensions: g.extensions,
    holds: g.holds,
    opens: [...g.opens].sort(),
  })),
  unsettled: m.grants.flatMap((g, i) => (g.end !== undefined && g.end <= m.now ? [i] : [])),
});

export const RIGHTS: readonly Right[] = ['read', 'add', 'write'];
export const PURPOSES: readonly Purpose[] = ['TREAT', 'HRESCH'];
