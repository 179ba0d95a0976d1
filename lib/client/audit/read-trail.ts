// Reads the patient's audit trail, verifies every link, and compares the trail with the part that was verified before.
import {
  AuditError,
  EMPTY_CHAIN,
  eventHash,
  parseOwnEvent,
  verifyChain,
  type AuditEvent,
  type ChainHead,
  type OwnEvent,
} from '../../domain/audit-chain.ts';
import type { Context } from '../session/context.ts';
import { check, checked, ClientError, TrailError } from '../session/errors.ts';
import type { GivenAccess, VerifiedEntry } from '../chain/given-access.ts';
import { createEarlierEvents, type EarlierEvents } from './allowed-events.ts';
import { EVENT_CAUSES, hasOwnEvent, verifyEvidence, type FindInChain } from './event-evidence.ts';
import { serviceKey, fetchCheckpoint, type Checkpoint, type Receipt } from '../session/service-statements.ts';
import { pages } from '../session/pagination.ts';
import type { TrailEntry } from '../session/verified-trail.ts';
import type { CallOptions } from '../session/transport.ts';
import { verifyServiceStatement, type ServiceKey } from '../../statements/service-statements.ts';

interface Entry {
  readonly event: string;
  readonly hash: string;
  readonly evidence?: string | undefined;
}

export interface AuditOptions extends CallOptions {
  /** True reads and verifies the whole trail again. Default: the client reads only the events after the verified part. */
  readonly fromStart?: boolean;
}

/** The state that the verification of a trail uses besides the entries of the trail. */
interface Verifying {
  /** Hashes of the statements of all events read so far. */
  readonly seen: Set<string>;
  readonly find: FindInChain;
  readonly service: ServiceKey;
  /** The events read so far. They decide whether the next event is allowed. */
  readonly earlier: EarlierEvents;
  /** The position ({@link placeOf}) of the last statement of the patient's chain whose event was read. */
  last: number;
}

/**
 * Returns the position of a statement in the chain, as a number that grows along the chain; 0 for a statement that is not in the chain. An entry has at most 41
 * statements, so 100 positions for each entry are enough.
 */
const placeOf = (hash: string, act: VerifiedEntry | undefined): number =>
  act === undefined ? 0 : act.entry.payload.number * 100 + act.statements.findIndex((s) => s.hash === hash);

/**
 * Finds entries of the patient's chain. It reads the chain again if an event names a statement that the chain does not have, because another device may
 * have signed the statement.
 */
const chainFinder =
  (ctx: Context, { entries }: GivenAccess, options: CallOptions): FindInChain =>
  async (hash) =>
    entries.get(hash) ?? (await ctx.chain.sync(options)).entries.get(hash);

/** Returns the events of a verified trail, which decide whether the next event is allowed. */
const earlierEvents = (trail: readonly TrailEntry[], { entries }: GivenAccess): EarlierEvents => {
  const earlier = createEarlierEvents();
  for (const event of trail) earlier.add(event, entries.get(event.statement));
  return earlier;
};

/** Checks that the trail has the events of each act. @throws {TrailError} `unverified` if one is missing */
const assertNoneMissing = (acts: ReadonlySet<VerifiedEntry>, { seen }: Verifying, length: number): void => {
  for (const act of acts)
    for (const statement of act.statements)
      if (hasOwnEvent(statement, act) && !seen.has(statement.hash))
        throw new TrailError(
          'unverified',
          `refused: the audit trail does not have the event of a ${statement.kind}`,
          length + 1,
        );
};

/**
 * Verifies one event: its evidence, and its place among the earlier events. A statement may have only one event. Events whose statements are in the patient's
 * chain must have the order of the chain. The earlier events must allow this one. An error names the number of the event.
 */
const verifyEntry = async (event: AuditEvent, entry: Entry, verifying: Verifying): Promise<TrailEntry> => {
  const { seen, earlier } = verifying;
  try {
    const { statement, act } = await verifyEvidence(event, entry.evidence, verifying);
    check('evidence', !seen.has(event.statement));
    seen.add(event.statement);
    if (act !== undefined) {
      const place = placeOf(event.statement, act);
      check('evidence', place > verifying.last);
      verifying.last = place;
    }
    earlier.assertAllow(event, statement);
    earlier.add(event, act);
    return { ...event, hash: entry.hash, evidence: statement.jws };
  } catch (error) {
    if (error instanceof ClientError) throw new TrailError('unverified', error.message, event.seq, 'evidence');
    throw error;
  }
};

const headOf = (entries: readonly TrailEntry[]): ChainHead => {
  const last = entries.at(-1);
  return last === undefined ? EMPTY_CHAIN : { seq: last.seq, hash: last.hash };
};

const rewritten = (seq: number): TrailError =>
  new TrailError('rolled-back', `refused: entry ${seq} of the audit trail is not what it was`, seq);

/** Verifies a page that must follow `head`. An error names the number of the first wrong event. */
const verifyPage = async (ctx: Context, head: ChainHead, page: readonly Entry[], verifying: Verifying) => {
  try {
    const verified = verifyChain(ctx.keys.id, head, page);
    const entries: TrailEntry[] = [];
    for (const [i, event] of verified.events.entries()) entries.push(await verifyEntry(event, page[i]!, verifying));
    return { entries, head: verified.head };
  } catch (error) {
    if (error instanceof AuditError)
      throw new TrailError(
        'unverified',
        `refused: the audit trail does not check: ${error.code}`,
        head.seq + error.index + 1,
      );
    throw error;
  }
};

/** Whether the evidence is the same. The service may leave out the evidence of an event by the patient, because the client then takes it from the chain. */
const isSameEvidence = (kept: TrailEntry, { evidence }: Entry): boolean =>
  evidence === kept.evidence || (evidence === undefined && EVENT_CAUSES[kept.kind].from === 'chain');

/** Checks that the service still returns the last stored event. The query asks for this event again, so that the client detects a shortened trail. */
const assertStillThere = (kept: TrailEntry, page: readonly Entry[]): void => {
  const [again] = page;
  if (again?.hash !== kept.hash || eventHash(again.event) !== kept.hash || !isSameEvidence(kept, again))
    throw rewritten(kept.seq);
};

const otherChain = (): ClientError =>
  new ClientError('rolled-back', 'refused: the service signed another chain of statements', 'chain');

/** Checks the entry that a checkpoint names: the patient's chain must have it under this number. @throws {ClientError} `rolled-back` (`chain`) */
const assertEntry = ({ entries }: GivenAccess, { entry: named }: Pick<Checkpoint, 'entry'>): void => {
  const own = [...entries.values()].find(({ entry }) => entry.payload.number === named?.number);
  if (own?.entry.hash !== named?.hash) throw otherChain();
};

/**
 * Reads the whole trail of the caller, oldest first. Events verified before are not read again, unless `fromStart` is true. Each statement of the chain
 * must have its event. Only an honest service shows all events that others caused: this check cannot detect an event that the service never added.
 * @throws {TrailError} `unverified` or `rolled-back`, with the number of the first wrong event
 */
export const readTrail = async (
  ctx: Context,
  { fromStart = false, signal }: AuditOptions = {},
): Promise<readonly TrailEntry[]> => {
  const kept = ctx.trail.entries();
  const known = ctx.memory.auditHead();
  const read: TrailEntry[] = fromStart ? [] : [...kept];
  const given = await ctx.chain.sync({ signal });
  // The check for missing events uses only the acts known now. A later act may have its events after the last page that is read.
  const acts = new Set(given.entries.values());
  const verifying = {
    seen: new Set(read.map((e) => e.statement)),
    find: chainFinder(ctx, given, { signal }),
    service: await serviceKey(ctx, { signal }),
    earlier: earlierEvents(read, given),
    last: read.reduce((last, { statement: s }) => Math.max(last, placeOf(s, given.entries.get(s))), 0),
  };
  const last = read.at(-1);
  const hashAt = (seq: number): string | undefined =>
    kept[seq - 1]?.hash ?? (seq === known.seq ? known.hash : undefined);
  let head = headOf(read);
  let first = true;
  const query = { as: 'patient', ...(last === undefined ? {} : { after: last.seq - 1 }) } as const;
  for await (const page of pages((cursor) => ctx.call('list-audit', { query: { ...cursor, ...query } }, { signal }))) {
    if (page.events.length === 0 && page.next !== undefined)
      throw new ClientError('bad-answer', 'the audit trail does not end');
    if (first && last !== undefined) assertStillThere(last, page.events);
    const fresh = first && last !== undefined ? page.events.slice(1) : page.events;
    first = false;
    // A dishonest service can change an event and recompute its hash. That event still verifies, and only the next one fails. So the client compares hashes
    // with the ones it knows, and the error names the first that differs.
    const { seq } = head;
    const other = fresh.findIndex(({ hash }, i) => hash !== (hashAt(seq + i + 1) ?? hash));
    const verified = await verifyPage(ctx, head, other === -1 ? fresh : fresh.slice(0, other + 1), verifying);
    if (other !== -1) throw rewritten(seq + other + 1);
    read.push(...verified.entries);
    head = verified.head;
  }
  const expected = Math.max(known.seq, kept.length);
  if (head.seq < expected) throw rewritten(head.seq + 1);
  assertNoneMissing(acts, verifying, read.length);
  for (const jws of ctx.trail.checkpoints()) {
    const { seq, hash, entry } = await checked('checkpoint', () =>
      verifyServiceStatement('checkpoint', jws, verifying.service),
    );
    assertEntry(given, { entry });
    if (headOf(read.slice(0, seq)).hash !== hash || seq > read.length) throw rewritten(seq);
  }
  // Another call may have read more events meanwhile. Then the client keeps that longer trail.
  const seen = ctx.trail.entries();
  if (seen.length > read.length) {
    if (seen[read.length - 1]?.hash !== read.at(-1)?.hash) throw rewritten(read.length);
    return read;
  }
  ctx.memory.noteAudit(head);
  ctx.trail.keep(read);
  return read;
};

/**
 * Fetches a checkpoint, compares it with the verified trail, and stores it.
 * @throws {TrailError} `rolled-back` if the signed head differs from the trail that the service showed; {ClientError} `rolled-back` (`chain`) if the entry
 *   in the checkpoint differs from the chain of statements; {ClientError} `unverified` (`checkpoint`)
 */
export const takeCheckpoint = async (ctx: Context, options: CallOptions = {}): Promise<Checkpoint> => {
  const { seq: seen } = ctx.memory.auditHead();
  const { number } = ctx.memory.chainHead();
  const checkpoint = await fetchCheckpoint(ctx, options);
  const entries = await readTrail(ctx, options);
  const { seq, hash, entry } = checkpoint;
  // The checkpoint must cover every entry of the chain that this client has seen.
  assertEntry(await ctx.chain.state(options), { entry });
  if ((entry?.number ?? 0) < number) throw otherChain();
  if (seq > entries.length) throw rewritten(entries.length + 1);
  // The checkpoint must cover all events that this client has seen. An event after the checkpoint has no signature of the service, so it would not be evidence.
  if (seq < seen || headOf(entries.slice(0, seq)).hash !== hash) throw rewritten(seq);
  ctx.trail.keepCheckpoint(checkpoint.jws);
  return checkpoint;
};

/**
 * Finds the event that a receipt names. If the trail lacks this event, the receipt proves that the service left it out.
 * @throws {ClientError} `unverified` (`receipt`)
 */
export const eventOf = async (ctx: Context, receipt: Receipt, options: CallOptions = {}): Promise<TrailEntry> => {
  const event = (await readTrail(ctx, options)).find((e) => e.hash === receipt.event);
  if (event?.kind !== 'record-filed' || event.statement !== receipt.statement)
    throw new ClientError('unverified', 'refused: the trail does not have the event of the receipt', 'receipt');
  return event;
};

/** Lists the caller's own events in the trails of patients. The client cannot verify them, because the answer lacks the hashes that link them. */
export const listOwnEvents = async (ctx: Context, options: CallOptions = {}): Promise<readonly OwnEvent[]> => {
  const events: OwnEvent[] = [];
  for await (const page of pages((cursor) =>
    ctx.call('list-audit', { query: { ...cursor, as: 'recipient' } }, options),
  ))
    for (const { event } of page.events) {
      const own = await checked('audit', () => parseOwnEvent(event));
      check('audit', own.actor === ctx.keys.id);
      events.push(own);
    }
  return events;
};
