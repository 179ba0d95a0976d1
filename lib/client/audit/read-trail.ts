// Reads the patient's audit trail, verifies every link, and compares the trail with the part that was verified before.
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
  /** True reads and verifies the whole trail again. Default: the client reads only the events after the verified part. */
  readonly fromStart?: boolean;
}

/** Verifies the evidence of one event. The error names the event's number. A statement has one effect, so it may have only one event. */
const verifyEntry = async (event: AuditEvent, entry: Entry, statements: Set<string>): Promise<TrailEntry> => {
  try {
    const verified = await verifyEvidence(event, entry);
    if (verified.evidence !== undefined) check('evidence', !statements.has(event.statement));
    statements.add(event.statement);
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

/** Verifies a page that must follow `head`. The error names the number of the wrong event. */
const verifyPage = async (ctx: Context, head: ChainHead, page: readonly Entry[], statements: Set<string>) => {
  try {
    const verified = verifyChain(ctx.keys.id, head, page);
    const entries: TrailEntry[] = [];
    for (const [i, event] of verified.events.entries()) entries.push(await verifyEntry(event, page[i]!, statements));
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

/** Checks that the last stored event is still there. The query asks for it again, so that a shortened trail is detected. */
const assertStillThere = (kept: TrailEntry, page: readonly Entry[]): void => {
  const [again] = page;
  if (again?.hash !== kept.hash || eventHash(again.event) !== kept.hash || again.evidence !== kept.evidence)
    throw rewritten(kept.seq);
};

/**
 * Reads the whole trail of the caller, oldest first. Events verified before are not read again, unless `fromStart` is true. The trail is complete only
 * if the service is honest: this check cannot detect events that the service never added to the trail.
 *
 * @throws {TrailError} `unverified` or `rolled-back`, with the number of the first wrong event
 */
export const readTrail = async (
  ctx: Context,
  { fromStart = false, signal }: AuditOptions = {},
): Promise<readonly TrailEntry[]> => {
  const kept = ctx.trail.entries();
  const known = ctx.memory.auditHead();
  const read: TrailEntry[] = fromStart ? [] : [...kept];
  const statements = new Set(read.map((e) => e.statement));
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
    // If the service changed an event and made its link valid, only a later event fails. So the error must name the first event whose hash changed.
    const { seq } = head;
    const other = fresh.findIndex(({ hash }, i) => hash !== (hashAt(seq + i + 1) ?? hash));
    const verified = await verifyPage(ctx, head, other === -1 ? fresh : fresh.slice(0, other + 1), statements);
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
  // Another call may have read more events meanwhile. Then its longer trail is kept.
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
 * @throws {TrailError} `rolled-back` if the signed head differs from the trail that the service showed; {ClientError} `unverified` (`checkpoint`)
 */
export const takeCheckpoint = async (ctx: Context, options: CallOptions = {}): Promise<Checkpoint> => {
  const { seq: seen } = ctx.memory.auditHead();
  const checkpoint = await fetchCheckpoint(ctx, options);
  const entries = await readTrail(ctx, options);
  const { seq, hash } = checkpoint;
  if (seq > entries.length) throw rewritten(entries.length + 1);
  // The checkpoint must cover all events that this client has seen. The service has not signed an event outside it, so such an event would not be evidence.
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

/** An event in another patient's trail, without its number and the hash of the event before. */
export type OwnEvent = Omit<AuditEvent, 'seq' | 'previous'>;

/** Lists the caller's own events in the trails of patients. They are not verified, because the answer does not link them. */
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
