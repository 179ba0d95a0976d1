// The patient's audit trail: verified link by link, kept, and held against what was kept when more is read.
import {
  AuditError,
  EMPTY_CHAIN,
  eventHash,
  verifyChain,
  type AuditEvent,
  type ChainHead,
} from '../../domain/audit-chain.ts';
import type { Context } from '../session/context.ts';
import { check, checked, ClientError, TrailError } from '../session/errors.ts';
import { verifyEvidence } from './event-evidence.ts';
import { serviceKey, fetchCheckpoint, type Checkpoint, type Receipt } from '../session/service-key.ts';
import { pages } from '../session/pagination.ts';
import type { TrailEntry } from '../session/trail.ts';
import type { CallOptions } from '../session/transport.ts';
import { verifyServiceStatement } from '../../statements/service-statements.ts';

interface Entry {
  readonly event: string;
  readonly hash: string;
  readonly evidence?: string | undefined;
}

export interface AuditOptions extends CallOptions {
  /** Reads and verifies everything again, instead of going on behind what is kept. */
  readonly fromStart?: boolean;
}

/** What does not check is named by its place. A statement has its effect once, and so one event. */
const verifyEntry = async (event: AuditEvent, entry: Entry, told: Set<string>): Promise<TrailEntry> => {
  try {
    const verified = await verifyEvidence(event, entry);
    if (verified.evidence !== undefined) check('evidence', !told.has(event.statement));
    told.add(event.statement);
    return verified;
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

/** A page that must follow `head`; what does not check is named by its place in the chain. */
const verifyPage = async (ctx: Context, head: ChainHead, page: readonly Entry[], told: Set<string>) => {
  try {
    const verified = verifyChain(ctx.keys.id, head, page);
    const entries: TrailEntry[] = [];
    for (const [i, event] of verified.events.entries()) entries.push(await verifyEntry(event, page[i]!, told));
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

/** The last entry that is kept comes once more, so that a trail which got shorter shows. */
const assertStillThere = (kept: TrailEntry, page: readonly Entry[]): void => {
  const [again] = page;
  if (again?.hash !== kept.hash || eventHash(again.event) !== kept.hash || again.evidence !== kept.evidence)
    throw rewritten(kept.seq);
};

/**
 * The whole trail of the caller, oldest first. What was verified before is kept and read no more, unless asked. It is the truth for an honest service
 * only: a service that leaves events out from the start, and shows nobody else, cannot be found out by this.
 *
 * @throws {TrailError} `unverified` or `rolled-back`, with the place of the first entry that does not check
 */
export const readTrail = async (
  ctx: Context,
  { fromStart = false, signal }: AuditOptions = {},
): Promise<readonly TrailEntry[]> => {
  const kept = ctx.trail.entries();
  const known = ctx.memory.auditHead();
  const read: TrailEntry[] = fromStart ? [] : [...kept];
  const told = new Set(read.map((e) => e.statement));
  const last = read.at(-1);
  const hashAt = (seq: number): string | undefined =>
    kept[seq - 1]?.hash ?? (seq === known.seq ? known.hash : undefined);
  let head = headOf(read);
  let first = true;
  const query = { as: 'patient', ...(last === undefined ? {} : { after: last.seq - 1 }) } as const;
  for await (const page of pages((cursor) => ctx.call('list-audit', { query: { ...cursor, ...query } }, { signal }))) {
    if (first && last !== undefined) assertStillThere(last, page.events);
    const fresh = first && last !== undefined ? page.events.slice(1) : page.events;
    first = false;
    // What does not fit may stand behind an entry that looks right and is not the one that was there: that one is the first wrong one.
    const { seq } = head;
    const other = fresh.findIndex(({ hash }, i) => hash !== (hashAt(seq + i + 1) ?? hash));
    const verified = await verifyPage(ctx, head, other === -1 ? fresh : fresh.slice(0, other + 1), told);
    if (other !== -1) throw rewritten(seq + other + 1);
    read.push(...verified.entries);
    head = verified.head;
  }
  const expected = Math.max(known.seq, kept.length);
  if (head.seq < expected) throw rewritten(head.seq + 1);
  const checkpoints = ctx.trail.checkpoints();
  const key = checkpoints.length === 0 ? undefined : await serviceKey(ctx, { signal });
  for (const jws of checkpoints) {
    const { seq, hash } = await checked('checkpoint', () => verifyServiceStatement('checkpoint', jws, key!));
    if (headOf(read.slice(0, seq)).hash !== hash || seq > read.length) throw rewritten(seq);
  }
  // Another reading may have come further meanwhile.
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
 * The service's signature on the end of the trail, held against the trail that this client verified, and kept.
 * @throws {TrailError} `rolled-back` when it signs another past than it showed; {ClientError} `unverified` (`checkpoint`)
 */
export const takeCheckpoint = async (ctx: Context, options: CallOptions = {}): Promise<Checkpoint> => {
  const { seq: seen } = ctx.memory.auditHead();
  const checkpoint = await fetchCheckpoint(ctx, options);
  const entries = await readTrail(ctx, options);
  const { seq, hash } = checkpoint;
  if (seq > entries.length) throw rewritten(entries.length + 1);
  // The service must not sign less than it showed: nothing that it keeps out of a checkpoint could be held against it.
  if (seq < seen || headOf(entries.slice(0, seq)).hash !== hash) throw rewritten(seq);
  ctx.trail.keepCheckpoint(checkpoint.jws);
  return checkpoint;
};

/**
 * The event that a receipt names. A receipt without its event proves that the service left it out of the trail.
 * @throws {ClientError} `unverified` (`receipt`)
 */
export const eventOf = async (ctx: Context, receipt: Receipt, options: CallOptions = {}): Promise<TrailEntry> => {
  const event = (await readTrail(ctx, options)).find((e) => e.hash === receipt.event);
  if (event?.kind !== 'record-filed' || event.statement !== receipt.statement)
    throw new ClientError('unverified', 'refused: the trail does not have the event of the receipt', 'receipt');
  return event;
};

/** An event in somebody else's trail, without its place there. */
export type OwnEvent = Omit<AuditEvent, 'seq' | 'previous'>;

/** What the caller did in the trails of others. What the service says of it, not verified: its place is not shown. */
export const listOwnEvents = async (ctx: Context, options: CallOptions = {}): Promise<readonly OwnEvent[]> => {
  const events: OwnEvent[] = [];
  for await (const page of pages((cursor) =>
    ctx.call('list-audit', { query: { ...cursor, as: 'recipient' } }, options),
  ))
    for (const { event } of page.events) {
      const own = await checked('audit', () => JSON.parse(event) as OwnEvent);
      check('audit', own.actor === ctx.keys.id);
      events.push(own);
    }
  return events;
};
