// Makes false answers: a service omits, reorders, truncates, replays, swaps and forges. Each lie turns the true answer into another one, by a number that
// fast-check chose.
import { ROUTES, type RouteName } from '../../../lib/api/routes.ts';
import { toBase64url } from '../../../lib/bytes/codec.ts';
import { EMPTY_CHAIN, nextEvent, type AuditEvent } from '../../../lib/domain/audit-chain.ts';
import { fill } from '../../statements/samples.ts';
import { refusing, type Said } from '../../support/lying-fetch.ts';

/** The data that a lying service may use: all that it ever got or answered. */
export interface Liar {
  /** True answers of the same route to any client, oldest first, also from another history that the service shows. */
  readonly older: readonly Said[];
  /** The answers among `older` that answered a call of the same URL. */
  readonly same: readonly Said[];
  /** Every grant that any client ever sent, also refused ones, and grants of another deployment. */
  readonly grants: readonly string[];
  /** The pages of the chain of the same patient at another deployment. */
  readonly foreign: readonly unknown[];
  /** Hashes of statements that the service ever got. */
  readonly hashes: readonly string[];
  readonly now: number;
}

export type Change = (said: Said, pick: number, liar: Liar) => Said;

type Body = Record<string, unknown>;
const at = <T>(from: readonly T[], pick: number): T | undefined => from[pick % Math.max(1, from.length)];
const bodyOf = ({ body }: Said): Body => (body ?? {}) as Body;
const lists = (said: Said): readonly (readonly [string, readonly unknown[]])[] =>
  Object.entries(bodyOf(said)).filter((e): e is [string, unknown[]] => Array.isArray(e[1]));

/** Makes a lie that changes one list of an answer. */
const onList =
  (change: (list: readonly unknown[], pick: number, liar: Liar) => readonly unknown[]): Change =>
  (said, pick, liar) => {
    const found = at(lists(said), pick);
    return found === undefined
      ? said
      : { ...said, body: { ...bodyOf(said), [found[0]]: change(found[1], Math.floor(pick / 2), liar) } };
  };

const STATES: Readonly<Record<string, readonly string[]>> = {
  grants: ['active', 'paused', 'revoked', 'expired', 'exhausted', 'not-begun'],
  requests: ['pending', 'approved', 'denied', 'withdrawn', 'expired'],
  records: ['committed', 'deleted'],
};
const statesLike = (state: unknown): readonly string[] =>
  Object.values(STATES).find((s) => s.includes(state as string)) ?? [];

/** Forges members that nobody signed: states, counts and the tip of a grant. `pick` decides which of them change. */
const forged = (value: unknown, pick: number): unknown => {
  if (Array.isArray(value)) return value.map((v, i) => forged(v, pick + i));
  if (typeof value !== 'object' || value === null) return value;
  const change = ([name, v]: [string, unknown]): [string, unknown] => {
    if (name === 'state' && pick % 2 === 0) return [name, at(statesLike(v), Math.floor(pick / 2)) ?? v];
    if (['used', 'holds', 'extensions'].includes(name) && typeof v === 'number')
      return [name, pick % 3 === 0 ? (pick % 7) * 1000 : v];
    if (name === 'tip' && pick % 5 === 0) return [name, toBase64url(fill(pick % 256, 32))];
    return [name, typeof v === 'object' ? forged(v, pick) : v];
  };
  return Object.fromEntries(Object.entries(value).map(change));
};

const droppable = ['receipt', 'grant', 'deletion', 'evidence', 'voided', 'signed', 'extension', 'metadata', 'next'];

/** Leaves out each member with this name, at any depth. */
const without = (value: unknown, name: string): unknown => {
  if (Array.isArray(value)) return value.map((v) => without(v, name));
  if (typeof value !== 'object' || value === null) return value;
  return Object.fromEntries(
    Object.entries(value)
      .filter(([n]) => n !== name)
      .map(([n, v]) => [n, without(v, name)]),
  );
};

/** Paths to all texts of a body. */
const textsIn = (
  value: unknown,
  path: readonly (string | number)[] = [],
): readonly (readonly (string | number)[])[] => {
  if (typeof value === 'string') return [path];
  if (typeof value !== 'object' || value === null) return [];
  return Object.entries(value).flatMap(([n, v]) => textsIn(v, [...path, Array.isArray(value) ? Number(n) : n]));
};
const get = (value: unknown, path: readonly (string | number)[]): unknown =>
  path.reduce<unknown>((v, n) => (v as Body | undefined)?.[n], value);
const set = (value: unknown, [name, ...rest]: readonly (string | number)[], to: unknown): unknown => {
  if (name === undefined) return to;
  if (Array.isArray(value)) return value.map((v: unknown, i) => (i === name ? set(v, rest, to) : v));
  return { ...(value as Body), [name]: set((value as Body)[name], rest, to) };
};

const flip = (text: string, pick: number): string => {
  const i = pick % Math.max(1, text.length);
  return text.slice(0, i) + (text[i] === 'A' ? 'B' : 'A') + text.slice(i + 1);
};

/** Adds a grant to the list of an answer: perhaps a refused or void grant, a grant of another person, or one of another deployment. */
const nameGrants: Change = (said, pick, { grants }) => {
  const jws = at(grants, pick);
  const { grants: listed, ...rest } = bodyOf(said);
  if (jws === undefined || !Array.isArray(listed)) return said;
  const view = { state: 'active', used: 0, extensions: 0, tip: toBase64url(fill(1, 32)), holds: 0 };
  return { status: said.status, body: { ...rest, grants: [...(listed as unknown[]), { ...view, statement: jws }] } };
};

interface Link {
  readonly event: string;
  readonly hash: string;
  readonly evidence?: string;
}

/** Changes the events of a trail, and makes every link of the hash chain valid again. */
const rewriteTrail: Change = (said, pick, { now, hashes }) => {
  const links = bodyOf(said)['events'] as readonly Link[] | undefined;
  if (links === undefined || links.length === 0) return said;
  const events = links.map((l) => ({ ...(JSON.parse(l.event) as AuditEvent), evidence: l.evidence }));
  const i = Math.floor(pick / 7) % events.length;
  const event = events[i]!;
  const insert = (...made: typeof events) => [...events.slice(0, i + 1), ...made, ...events.slice(i + 1)];
  const unknown = toBase64url(fill(pick % 256, 32));
  const other = pick % 2 === 0 ? unknown : (at(hashes, pick) ?? unknown);
  const changed = [
    () => events.filter((_, n) => n !== i),
    () => insert(event),
    () => insert({ ...event, statement: other, evidence: undefined, at: now }),
    () => insert({ ...event, statement: other, at: now }),
    () => events.map((e, n) => (n === i ? { ...e, actor: event.patient, evidence: undefined } : e)),
    () => events.map((e, n) => (n === i ? { ...e, subject: at(events, pick + 1)!.subject } : e)),
    () => events.toSpliced(i, 2, ...events.slice(i, i + 2).toReversed()),
  ][pick % 7]!();
  const { seq, previous } = events[0]!;
  let head = seq === 1 ? EMPTY_CHAIN : { seq: seq - 1, hash: previous };
  const body = changed.map(({ evidence, ...draft }) => {
    const link = nextEvent(head, draft);
    head = { seq: link.event.seq, hash: link.hash };
    return { event: link.text, hash: link.hash, ...(evidence === undefined ? {} : { evidence }) };
  });
  return { ...said, body: { ...bodyOf(said), events: body } };
};

const REFUSALS: readonly (readonly [number, string])[] = [
  [409, 'request-closed'],
  [409, 'chain-moved'],
  [404, 'not-found'],
  [403, 'not-registered'],
  [409, 'grant-ended'],
  [409, 'cell-closed'],
  [409, 'statement-outdated'],
  [400, 'statement-invalid'],
  [401, 'clock-skew'],
];

/** Makes a refusal, whose `serverTime` is five years ahead or 1e300. */
export const refusal = (pick: number): Said => {
  const [status, code] = at(REFUSALS, pick)!;
  const { body } = refusing(status, code);
  const serverTime = pick % 2 === 0 ? 1e300 : 1_767_225_600_000 + 5 * 365 * 86_400_000;
  return { status, body: { ...body, serverTime, reason: 'revoked' } };
};

export const CHANGES = {
  omit: onList((list, pick) => list.filter((_, i) => i !== pick % Math.max(1, list.length))),
  truncate: onList((list) => list.slice(0, Math.floor(list.length / 2))),
  'omit-last': onList((list) => list.slice(0, -1)),
  reorder: onList((list) => list.toReversed()),
  repeat: onList((list) => [...list, ...list]),
  empty: onList(() => []),
  /** Repeats an older answer of the same route, perhaps about another object. */
  replay: (said, pick, { older }) => at(older, pick) ?? said,
  oldest: (said, _pick, { same }) => same[0] ?? said,
  /** Replaces one element of a list by an element of the same list in an older answer. */
  mix: (said, pick, { older }) => {
    const from = at(older, pick);
    const [name, list] = at(lists(said), pick) ?? [];
    const others = name === undefined ? undefined : bodyOf(from ?? said)[name];
    if (list === undefined || !Array.isArray(others)) return said;
    const i = Math.floor(pick / 3) % Math.max(1, list.length);
    return { ...said, body: { ...bodyOf(said), [name!]: list.toSpliced(i, 1, at(others as unknown[], pick)) } };
  },
  /** Swaps two texts of the answer that have the same name. */
  swap: (said, pick) => {
    const paths = textsIn(said.body);
    const one = at(paths, pick);
    if (one === undefined) return said;
    const alike = paths.filter((p) => p.at(-1) === one.at(-1) && p !== one);
    const other = at(alike, Math.floor(pick / 3));
    if (other === undefined) return said;
    const [a, b] = [get(said.body, one), get(said.body, other)];
    return { ...said, body: set(set(said.body, one, b), other, a) };
  },
  forge: (said, pick) => ({ ...said, body: forged(said.body, pick) }),
  /** Repeats the oldest answer to the same call, with forged members. */
  'forge-oldest': (said, pick, { same }) => ({ ...said, body: forged((same[0] ?? said).body, pick) }),
  /** Shows the object as in the oldest answer to the same call, with a state that says that it has ended. */
  'end-oldest': (said, pick, { same }) => {
    const body = bodyOf(same[0] ?? said);
    return 'state' in body
      ? { ...said, body: { ...body, state: at(['revoked', 'expired', 'exhausted'], pick) } }
      : said;
  },
  /** Says that nobody with this id ever registered. */
  unregistered: () => refusing(403, 'not-registered'),
  drop: (said, pick) => ({ ...said, body: without(said.body, at(droppable, pick)!) }),
  tamper: (said, pick) => {
    const path = at(textsIn(said.body), pick);
    return path === undefined
      ? said
      : { ...said, body: set(said.body, path, flip(get(said.body, path) as string, pick)) };
  },
  'name-grants': nameGrants,
  'rewrite-trail': rewriteTrail,
  'foreign-chain': (said, _pick, { foreign }) =>
    Array.isArray(bodyOf(said)['entries']) ? { ...said, body: { entries: foreign } } : said,
  /** Refuses, although the service has performed the call. */
  deny: (_said, pick) => refusal(pick),
} satisfies Readonly<Record<string, Change>>;

/** Lies that do not change a true answer: the service refuses at once, loses the call or the answer, or has a false clock. */
export const DEEDS = ['refuse', 'lose-call', 'lose-answer', 'false-time'] as const;

export type LieName = keyof typeof CHANGES | (typeof DEEDS)[number];

const ON_LISTS: readonly LieName[] = [
  'omit',
  'omit-last',
  'truncate',
  'reorder',
  'repeat',
  'empty',
  'mix',
  'replay',
  'oldest',
];
const ON_ANYTHING: readonly LieName[] = ['swap', 'tamper', 'drop', 'forge', 'deny', 'lose-answer'];
const ON_ACTS: readonly LieName[] = [
  'refuse',
  'refuse',
  'refuse',
  'deny',
  'deny',
  'lose-call',
  'lose-answer',
  'tamper',
  'drop',
  'forge',
  'replay',
  'swap',
  'mix',
];
const ON_GRANTS: readonly LieName[] = [
  ...ON_LISTS,
  'empty',
  'oldest',
  'name-grants',
  'forge',
  'forge-oldest',
  'forge-oldest',
  'drop',
];

const often = (count: number, name: LieName): readonly LieName[] => Array.from({ length: count }, () => name);

/** The lies that make sense for a route. */
const SPECIAL: Readonly<Partial<Record<RouteName, readonly LieName[]>>> = {
  'get-time': ['false-time', 'false-time', 'false-time', 'replay', 'tamper', 'lose-call'],
  'list-chain': [...ON_LISTS, ...ON_ANYTHING, 'omit-last', ...often(4, 'foreign-chain'), ...often(4, 'unregistered')],
  'list-audit': [...ON_LISTS, 'drop', ...often(10, 'rewrite-trail')],
  'list-grants': ON_GRANTS,
  'list-cell-grants': ON_GRANTS,
  'get-grant': [...ON_GRANTS, ...often(4, 'end-oldest')],
};

/** Returns the lies to choose from for an answer of this route. */
export const liesOf = (route: RouteName): readonly LieName[] =>
  SPECIAL[route] ?? (ROUTES[route].method === 'GET' ? [...ON_LISTS, ...ON_ANYTHING] : ON_ACTS);

/** Changes the bytes that the storage returns. */
export const spoilt = (bytes: Uint8Array, pick: number, others: readonly Uint8Array[]): Uint8Array => {
  if (pick % 3 === 0) return bytes.slice(0, Math.floor(bytes.length / 2));
  if (pick % 3 === 1) return at(others, pick) ?? bytes;
  return bytes.map((b, i) => (i === pick % Math.max(1, bytes.length) ? b ^ 1 : b));
};

/** The position of a route among `routes`. By it, a device spreads the lies of one step over the routes. The storage comes after all routes. */
export const placeOf = (route: RouteName | 'storage', routes: readonly RouteName[]): number =>
  route === 'storage' ? routes.length : routes.indexOf(route);
