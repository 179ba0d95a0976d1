// Generates sequences of calls for the model test. Random bytes choose each call. Most of them are calls that a client would make.
// A byte 0 always gives the usual choice, so that fast-check shrinks towards simple calls.
import fc from 'fast-check';
import {
  PURPOSES,
  RIGHTS,
  endOf,
  expected,
  isPending,
  modelView,
  reached,
  stateOf,
  takesIn,
  type Model,
} from './rules.ts';
import type {
  Cell,
  ExtensionPlan,
  GrantPlan,
  Name,
  Outcome,
  Plans,
  Right,
  Scope,
  Standing,
  PersonIndex,
} from './plans.ts';
import { observed, systemView, type System } from './system.ts';

const SECOND = 1000;
const MINUTE = 60 * SECOND;
const HOUR = 60 * MINUTE;
const DAY = 24 * HOUR;

/** All people. The last one registers only sometimes. */
const PEOPLE: readonly PersonIndex[] = [0, 1, 2, 3];

/** Reads random choices from the bytes of one call, one byte each. */
const diceOf = (bytes: Uint8Array) => {
  let at = 0;
  const below = (n: number): number => (bytes[at++] ?? 0) % n;
  return {
    below,
    /** Returns true with a chance of one in n, and false for a byte 0. */
    oneIn: (n: number): boolean => below(n) === n - 1,
    from: <T>(list: readonly T[]): T => list[below(list.length)]!,
    /** Usually chooses from `first`. Otherwise, or if `first` is empty, chooses from `all`. */
    prefer: <T>(first: readonly T[], all: readonly T[]): T | undefined => {
      const list = first.length > 0 && below(5) < 4 ? first : all;
      return list.length === 0 ? undefined : list[below(list.length)]!;
    },
  };
};
type Dice = ReturnType<typeof diceOf>;
const either = <T>(d: Dice, usual: T, one: number, other: () => T): T => (d.oneIn(one) ? other() : usual);
const anybody = (d: Dice, usual: PersonIndex): PersonIndex => either(d, usual, 6, () => d.from([3, ...PEOPLE]));

/** Indices of the items for which `holds` is true. */
const indices = <T>(list: readonly T[], holds: (item: T, i: number) => boolean = () => true): readonly number[] =>
  list.flatMap((item, i) => (holds(item, i) ? [i] : []));

const some = <T>(d: Dice, list: readonly T[], most: number): readonly T[] => {
  const first = d.below(Math.max(1, list.length));
  return [...list.slice(first), ...list.slice(0, first)].slice(0, 1 + d.below(most));
};

const current = (m: Model, folder: number): Cell => ({ folder, epoch: m.folders[folder]!.epoch });

const carryOverPlans = (
  m: Model,
  d: Dice,
  by: PersonIndex,
  takes: (g: GrantPlan) => boolean,
): readonly ExtensionPlan[] => {
  const mode = d.below(6);
  if (mode === 3) return [];
  const own = indices(m.grants, (g) => g.by === by && takes(g) && (mode > 3 || endOf(m, g) === undefined));
  return own.slice(-5).map((grant) => ({ grant, number: m.grants[grant]!.extensions + 1 }));
};

const scopeOf = (m: Model, d: Dice, to: PersonIndex): Scope => {
  const own = indices(m.folders, (f) => f.owner === to);
  const kind = d.below(6);
  if (kind < 3 && own.length > 0) return { folders: some(d, own, 3) };
  if (kind === 3) return { categories: d.below(2) === 0 ? ['letters'] : ['letters', 'imaging'] };
  const single = m.folders.find((f) => f.owner === to && f.single !== undefined)?.single;
  return kind === 4 && single !== undefined ? { record: single } : { everything: true };
};

const standingOf = (d: Dice): Standing => d.from<Standing>([{ categories: ['letters'] }, { everything: true }]);

interface GrantContext {
  readonly by: PersonIndex;
  readonly to: PersonIndex;
  readonly key: number;
  readonly purpose: GrantPlan['purpose'];
  /** ms */
  readonly duration: number;
  readonly folders: readonly number[];
  readonly scope?: Scope;
}

/** Chooses the members that are the same in all grants of one approval. */
const terms = (m: Model, d: Dice, w: GrantContext) => {
  const notBefore = either(d, m.now, 8, () => m.now + HOUR);
  const lasts = either(d, d.from([w.duration, HOUR, 10 * MINUTE]), 9, () => w.duration + 1);
  const all = indices(m.folders);
  const single = w.folders.filter((f) => m.folders[f]!.single !== undefined);
  const usual = some(d, single.length > 0 && d.oneIn(3) ? single : w.folders, 3);
  const folders = either(d, usual, 8, () => (all.length === 0 ? [] : [d.from(all)]));
  const standing = w.scope !== undefined && !('folders' in w.scope || 'record' in w.scope) ? w.scope : standingOf(d);
  return {
    by: w.by,
    to: either(d, w.to, 8, () => d.from([w.by, ...PEOPLE])),
    key: either(d, w.key, 12, () => w.key + 1),
    purpose: either(d, w.purpose, 8, () => d.from(PURPOSES)),
    notBefore,
    expires: either(d, notBefore + Math.min(lasts, w.duration + 1), 20, () => d.from([notBefore, m.now - 1])),
    folders,
    standing: either(d, standing, 6, () => standingOf(d)),
  };
};

const grantOf = (m: Model, d: Dice, right: Right, t: ReturnType<typeof terms>): Omit<GrantPlan, 'request'> => {
  const { folders, standing, ...rest } = t;
  const epochs = folders.map((f) => either(d, current(m, f), 10, () => ({ folder: f, epoch: 1 })));
  const isRead = right === 'read';
  const hasLimit = isRead ? d.oneIn(2) : d.oneIn(16);
  const isStanding = isRead ? d.oneIn(3) : d.oneIn(16);
  return {
    ...rest,
    right,
    cells: isRead ? epochs : epochs.slice(0, d.oneIn(10) ? 2 : 1),
    ...(hasLimit ? { openings: 1 + d.below(2) } : {}),
    ...(isStanding ? { standing } : {}),
  };
};

/** Chooses a grant: often one with an upload that is not committed, sometimes one that is exhausted, otherwise usually one that `prefer` accepts. */
const chooseGrant = (m: Model, d: Dice, prefer: (g: Model['grants'][number]) => boolean) => {
  const begun = m.filings.flatMap((f) => (f.done || f.grant === undefined ? [] : [f.grant]));
  const usual = indices(m.grants, prefer);
  const usedUp = indices(m.grants, (g) => endOf(m, g) === 'exhausted');
  const [pressing, hard] = [begun.length > 0 && d.oneIn(2), usedUp.length > 0 && d.oneIn(4)];
  const grant = d.prefer(hard ? usedUp : pressing ? begun : usual, indices(m.grants));
  return grant === undefined ? undefined : { grant, by: anybody(d, m.grants[grant]!.by) };
};

const pauseOrResume =
  (state: 'active' | 'paused') =>
  (m: Model, d: Dice): Plans['pause'] | undefined => {
    const isUsed = d.oneIn(2);
    const of = chooseGrant(m, d, (g) => g.state === state && (!isUsed || g.used > 0));
    return of && { ...of, number: m.grants[of.grant]!.holds + either(d, 1, 8, () => 2) };
  };

const denyOrWithdraw =
  (party: 'by' | 'to') =>
  (m: Model, d: Dice): Plans['deny'] | undefined => {
    const request = d.prefer(
      indices(m.requests, (r) => isPending(m, r)),
      indices(m.requests),
    );
    return request === undefined ? undefined : { request, by: anybody(d, m.requests[request]![party]) };
  };

type Planner<N extends Name> = (m: Model, d: Dice) => Plans[N] | undefined;
const planners: { readonly [N in Name]: Planner<N> } = {
  'sign up': (m, d) => {
    const [missing, known] = [PEOPLE.filter((p) => !m.people.has(p)), [...m.people.keys()]];
    const usual = missing[0] === 3 ? [1] : missing.slice(0, 1);
    const by = d.prefer(usual, d.oneIn(4) || known.length === 0 ? PEOPLE : known)!;
    const last = m.people.get(by) ?? 0;
    const number = last === 0 ? either(d, 1, 8, () => 2) : d.from([last + 1, last, last + 1, last + 2, last - 1]);
    return number < 1 ? undefined : { by, number };
  },

  folder: (m, d) => {
    const by = anybody(d, d.below(4) < 3 ? 0 : 2);
    const category = d.from(['letters', 'imaging'] as const);
    return { by, category, carry: carryOverPlans(m, d, by, (g) => takesIn(g, { category }, m.folders.length)) };
  },

  share: (m, d) => {
    if (m.records.length === 0) return undefined;
    const record = d.below(m.records.length);
    const { patient, versions } = m.records[record]!;
    return { by: anybody(d, patient), record, version: 1 + d.below(versions.length) };
  },

  epoch: (m, d) => {
    const folders = indices(m.folders, (f) => f.single === undefined);
    if (folders.length === 0) return undefined;
    const begun = m.filings.flatMap((f) => (f.done ? [] : [f.folder]));
    const folder = d.prefer(begun, folders)!;
    const f = m.folders[folder]!;
    const by = anybody(d, f.owner);
    const epoch = f.epoch + either(d, 1, 8, () => 2);
    return { by, folder, epoch, carry: carryOverPlans(m, d, by, (g) => takesIn(g, f, folder)) };
  },

  begin: (m, d) => {
    const folders = indices(m.folders, (f) => f.single === undefined);
    if (folders.length === 0) return undefined;
    const right = d.from([undefined, undefined, 'own', 'add', 'add', 'write', 'write'] as const);
    const authors = indices(m.grants, (g) => g.right === right);
    const grant =
      authors.length === 0
        ? undefined
        : d.prefer(
            authors.filter((g) => endOf(m, m.grants[g]!) === undefined),
            authors,
          );
    const author = grant === undefined ? undefined : m.grants[grant]!;
    const folder = either(d, author?.cells[0]?.folder ?? d.from(folders), 4, () => d.from(folders));
    const { owner, epoch } = m.folders[folder]!;
    const records = indices(m.records, (r) => r.folder === folder);
    const all = d.oneIn(8) ? indices(m.records) : records;
    const isNext = right === 'write' || right === 'own';
    const begun = m.filings.flatMap((f) => (f.done || f.folder !== folder || f.record === undefined ? [] : [f.record]));
    const record = isNext && all.length > 0 ? d.prefer(begun, all) : undefined;
    const next = record === undefined ? 1 : m.records[record]!.versions.length + 1;
    return {
      by: anybody(d, author?.to ?? owner),
      folder,
      epoch: either(d, epoch, 8, () => 1),
      ...(record === undefined ? {} : { record }),
      version: either(d, next, 12, () => next + 1),
      ...(grant === undefined ? {} : { grant }),
    };
  },

  commit: (m, d) => {
    const open = indices(m.filings, (f) => !f.done);
    if (open.length === 0) return undefined;
    const over = open.filter((i) => {
      const { grant } = m.filings[i]!;
      return grant !== undefined && stateOf(m.grants[grant]!, m.now) !== 'active';
    });
    const filing = d.prefer(over.length > 0 && d.oneIn(2) ? over : open.slice(-1), open)!;
    const { folder, epoch } = m.filings[filing]!;
    return { filing, epoch: either(d, m.folders[folder]!.epoch, 2, () => epoch) };
  },

  ask: (m, d) => {
    const by = anybody(d, 1);
    const to = d.below(12) < 10 ? 0 : d.from(PEOPLE);
    const key = m.people.get(by) ?? 1;
    const lasts = d.from([7 * DAY, HOUR, 90 * DAY]);
    return {
      by,
      to,
      key: either(d, key, 15, () => key + 1),
      scope: scopeOf(m, d, to),
      rights: d.from<readonly Right[]>([['read'], ['read', 'add'], ['add'], ['write'], ['read', 'add', 'write']]),
      purpose: 'TREAT',
      duration: d.from([DAY, HOUR, 30 * DAY]) / SECOND,
      until: m.now + either(d, lasts, 15, () => d.from([0, 90 * DAY + 1])),
    };
  },

  approve: (m, d) => {
    const of = denyOrWithdraw('to')(m, d);
    if (of === undefined) return undefined;
    const r = m.requests[of.request]!;
    const own = indices(m.folders, (f) => f.owner === of.by);
    const folders = own.filter((f) => reached(m, r.scope, f));
    const context = { by: of.by, to: r.by, key: r.key, purpose: r.purpose, duration: r.duration * SECOND };
    const t = terms(m, d, { ...context, folders: folders.length > 0 ? folders : own, scope: r.scope });
    if (t.folders.length === 0) return undefined;
    const less = d.oneIn(5) ? r.rights.slice(0, 1) : r.rights;
    const rights = d.oneIn(12) ? [...less, d.from(RIGHTS)] : less;
    const request = either(d, of.request, 20, () => d.below(m.requests.length));
    return { ...of, grants: rights.map((right) => ({ ...grantOf(m, d, right, t), request })) };
  },

  deny: denyOrWithdraw('to'),
  withdraw: denyOrWithdraw('by'),

  give: (m, d) => {
    const approved = indices(m.requests, (r) => r.state === 'approved');
    const request = d.oneIn(2) ? d.prefer(approved, d.oneIn(4) ? indices(m.requests) : approved) : undefined;
    const r = request === undefined ? undefined : m.requests[request]!;
    const by = anybody(d, r?.to ?? 0);
    const to = r?.by ?? d.from([1, 1, 2, d.from(PEOPLE)]);
    const own = indices(m.folders, (f) => f.owner === by);
    const folders = r === undefined ? own : own.filter((f) => reached(m, r.scope, f));
    const key = r?.key ?? m.people.get(to) ?? 1;
    const duration = (r?.duration ?? d.from([DAY, HOUR, 30 * DAY]) / SECOND) * SECOND;
    const context = { by, to, key, purpose: r?.purpose ?? ('TREAT' as const), duration };
    const t = terms(m, d, { ...context, folders: folders.length > 0 ? folders : own, ...(r && { scope: r.scope }) });
    if (t.folders.length === 0) return undefined;
    const right =
      r === undefined
        ? d.from<Right>(['read', 'read', 'add', 'write'])
        : either(d, d.from(r.rights), 8, () => d.from(RIGHTS));
    return { ...grantOf(m, d, right, t), ...(request === undefined ? {} : { request }) };
  },

  extend: (m, d) => {
    const of = chooseGrant(m, d, (g) => g.right === 'read' && endOf(m, g) === undefined);
    if (of === undefined) return undefined;
    const g = m.grants[of.grant]!;
    const isNew = (f: number) => takesIn(g, m.folders[f]!, f) && !g.opens.has(`${f}#${m.folders[f]!.epoch}`);
    const folder = d.prefer(
      indices(m.folders, (f, i) => f.owner === g.by && isNew(i)),
      indices(m.folders),
    )!;
    const number = g.extensions + either(d, 1, 8, () => 2);
    return { ...of, number, ...either(d, current(m, folder), 8, () => ({ folder, epoch: 1 })) };
  },

  pause: pauseOrResume('active'),
  resume: pauseOrResume('paused'),
  revoke: (m, d) => chooseGrant(m, d, (g) => g.state !== 'revoked'),
  return: (m, d) => {
    const of = chooseGrant(m, d, (g) => g.state !== 'revoked');
    return of && { ...of, by: anybody(d, m.grants[of.grant]!.to) };
  },
  settle: (m, d) => chooseGrant(m, d, (g) => endOf(m, g) !== undefined),

  open: (m, d) => {
    if (m.records.length === 0) return undefined;
    const skew = either(d, d.from([0, 0, -50 * SECOND, 50 * SECOND, MINUTE]), 15, () =>
      d.from([MINUTE + 1, -11 * MINUTE, 1 - 11 * MINUTE]),
    );
    const isHard = d.oneIn(4);
    const reads = indices(m.grants, (g) => g.right === 'read' && (!isHard || g.state === 'paused'));
    const grant = d.oneIn(4) ? undefined : d.prefer(reads, indices(m.grants));
    const g = grant === undefined ? undefined : m.grants[grant]!;
    const wraps = m.records.flatMap(({ versions }, record) =>
      versions.flatMap((cells, i) => [...cells].map((cell) => ({ cell, record, version: i + 1 }))),
    );
    const usual = g === undefined ? wraps : wraps.filter((w) => g.opens.has(w.cell));
    const { cell } = d.prefer(usual, wraps)!;
    const [folder, epoch] = cell.split('#').map(Number) as [number, number];
    const there = d.oneIn(12) ? wraps : wraps.filter((w) => w.cell === cell);
    const records = some(d, there, 3).map(({ record, version }) => ({ record, version }));
    const isEachOnce = new Set(records.map((r) => `${r.record}#${r.version}`)).size === records.length;
    if (!isEachOnce) return undefined;
    const by = anybody(d, g?.to ?? m.folders[folder]!.owner);
    return { by, folder, epoch, records, skew, ...(grant === undefined ? {} : { grant }) };
  },

  again: (m, d) => {
    const name = d.from<Name>(['open', 'open', 'open', 'extend', 'pause', 'resume', 'folder', 'epoch', 'sign up']);
    const isOver = ({ plan }: Model['done'][number]) =>
      'grant' in plan && stateOf(m.grants[plan.grant]!, m.now) !== 'active';
    const usual = indices(m.done, (c) => c.name === name);
    const over = indices(m.done, (c) => c.name === name && isOver(c));
    const call = d.prefer(over.length > 0 && d.oneIn(2) ? over : usual, indices(m.done));
    return call === undefined ? undefined : { call };
  },

  advance: (m, d) => {
    const ends = [
      ...m.grants.map((g) => g.expires),
      ...m.grants.map((g) => g.notBefore),
      ...m.requests.map((r) => r.until),
    ];
    const at = d.below(3) > 0 || ends.length === 0 ? undefined : d.from(ends);
    const to = at ?? m.now + d.from([SECOND, MINUTE, 630 * SECOND, 630 * SECOND, HOUR, 1, 13 * MINUTE, DAY]);
    const near = at === undefined ? to : to + d.from([0, -1, -SECOND, 1, SECOND]);
    return near > m.now ? { to: near } : undefined;
  },
};

/** Counts calls by their outcome, with keys such as `revoke: not-found`. */
export type Hits = Map<string, number>;

const hit = (hits: Hits, name: Name, outcome: Outcome): void => {
  const line = `${name}: ${outcome.replace(/^too-many \d+$/, 'too-many')}`;
  hits.set(line, (hits.get(line) ?? 0) + 1);
};

export class Disagreement extends Error {
  override readonly name = 'Disagreement';
}

/** Makes one call on the model and on the system, and compares their outcomes and their visible state. */
export const step = async <N extends Name>(
  m: Model,
  s: System,
  hits: Hits,
  name: N,
  plan: Plans[N],
): Promise<Outcome> => {
  const because = expected(m, name, plan);
  const [model = because] = because.split(': ');
  const system = await observed(s, name, plan);
  hit(hits, name, because);
  const call = `${name} ${JSON.stringify(plan)}`;
  if (model !== system) throw new Disagreement(`${call}: the model returns ${model}, the system ${system}`);
  const [seen, should] = [JSON.stringify(await systemView(s)), JSON.stringify(modelView(m))];
  if (seen !== should) throw new Disagreement(`after ${call} the model has\n${should}\nand the system\n${seen}`);
  return model;
};

/** How often a call must be made until it is refused: pending requests, and openings in a second, have a limit. */
const BURSTS: Partial<Record<Name, number>> = { ask: 6, open: 21 };

const commandOf = (name: Name, bytes: Uint8Array, hits: Hits): fc.AsyncCommand<Model, System> => {
  const planned = (m: Model) => (planners[name] as Planner<Name>)(m, diceOf(bytes.subarray(1)));
  const [chance = 0] = bytes;
  let shown = name as string;
  return {
    check: (m) => planned(m) !== undefined,
    run: async (m, s) => {
      const plan = planned(m)!;
      shown = `${name} ${JSON.stringify(plan)}`;
      let outcome = await step(m, s, hits, name, plan);
      const times = chance > 230 ? (BURSTS[name] ?? 1) : 1;
      for (let i = 1; i < times && outcome === 'ok'; i++) outcome = await step(m, s, hits, name, plan);
      if (name !== 'begin' || outcome !== 'ok' || chance > 130) return;
      const { folder } = plan as Plans['begin'];
      await step(m, s, hits, 'commit', { filing: m.filings.length - 1, epoch: m.folders[folder]!.epoch });
    },
    toString: () => shown,
  };
};

const WEIGHTS: Readonly<Record<Name, number>> = {
  'sign up': 2,
  folder: 2,
  share: 1,
  epoch: 4,
  begin: 7,
  commit: 3,
  ask: 5,
  approve: 8,
  deny: 2,
  withdraw: 2,
  give: 7,
  extend: 3,
  pause: 4,
  resume: 3,
  revoke: 3,
  return: 2,
  settle: 3,
  open: 9,
  again: 8,
  advance: 5,
};

/** Generates sequences of at most `most` calls. */
export const sequences = (most: number, hits: Hits) => {
  const bytes = fc.noBias(fc.uint8Array({ minLength: 40, maxLength: 40 }));
  const one = (name: Name) => bytes.map((b) => commandOf(name, b, hits));
  const all = (Object.entries(WEIGHTS) as [Name, number][]).flatMap(([name, n]) => Array<Name>(n).fill(name).map(one));
  return fc.commands(all, { maxCommands: most, size: 'max' });
};

const baseGrant = (m: Model): GrantPlan => ({
  by: 0,
  to: 1,
  key: 1,
  right: 'read',
  cells: [{ folder: 0, epoch: 1 }],
  notBefore: m.now,
  expires: m.now + DAY,
  purpose: 'TREAT',
});

/** Makes the calls that set up a small clinic. Most sequences begin with them. */
export const openClinic = async (m: Model, s: System, hits: Hits): Promise<void> => {
  for (const by of [0, 1, 2]) await step(m, s, hits, 'sign up', { by, number: 1 });
  for (const by of [0, 2, 0]) await step(m, s, hits, 'folder', { by, category: 'letters', carry: [] });
  await step(m, s, hits, 'begin', { by: 0, folder: 0, epoch: 1, version: 1 });
  await step(m, s, hits, 'commit', { filing: 0, epoch: 1 });
  await step(m, s, hits, 'give', { ...baseGrant(m), openings: 1, standing: { everything: true } });
  await step(m, s, hits, 'pause', { by: 0, grant: 0, number: 1 });
  await step(m, s, hits, 'resume', { by: 0, grant: 0, number: 2 });
  for (const right of ['add', 'write'] as const) await step(m, s, hits, 'give', { ...baseGrant(m), right });
  await step(m, s, hits, 'share', { by: 0, record: 0, version: 1 });
  const shared = { cells: [{ folder: 3, epoch: 1 }], expires: m.now + 10 * MINUTE };
  await step(m, s, hits, 'give', { ...baseGrant(m), ...shared });
  const asked = { by: 1, to: 0, key: 1, scope: { folders: [0] }, purpose: 'TREAT', duration: DAY / SECOND } as const;
  for (const rights of [['read', 'add'], ['read']] as const)
    await step(m, s, hits, 'ask', { ...asked, rights, until: m.now + DAY });
  await step(m, s, hits, 'approve', { by: 0, request: 1, grants: [{ ...baseGrant(m), request: 1 }] });
};
