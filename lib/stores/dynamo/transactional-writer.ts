// Transactional writer: makes all writes of a call in one transaction: the items with their conditions, the audit events, which it appends to the patient's
// trail, the entry of the chain of statements if there is one, and the claim. The claim makes the call take effect only once.
import {
  TransactionCanceledException,
  TransactWriteItemsCommand,
  type TransactWriteItem,
} from '@aws-sdk/client-dynamodb';
import { toBase64url } from '../../bytes/codec.ts';
import { EMPTY_CHAIN, nextEvent, type ChainHead, type ChainLink, type EventDraft } from '../../domain/audit-chain.ts';
import { HOUR, SECOND } from '../../domain/time.ts';
import type { Jws } from '../../statements/kinds.ts';
import { AppError } from '../../api/errors.ts';
import { followsHead, NO_ENTRIES, type EntryHead, type Heads } from '../../domain/statement-chain.ts';
import type { Call, NewEntry } from '../../ports/call.ts';
import type { Written } from '../../ports/index.ts';
import { isTransient } from '../../ports/transient-errors.ts';
import { readCancellation, type Attempt, type Claim, type Verdict } from './cancellation.ts';
import { getItem, type StoreContext } from './database.ts';
import { count, optionalText, text, toAttributes, type Fields, type Item } from './item.ts';
import { entryItem, hasEntry, headAfter, headFields } from './statement-chain.ts';
import { NORMAL, patiently, type Patience } from '../retry.ts';
import { toTransactItem, type Step } from './conditional-writes.ts';
import { claimPk, eventIndexes, eventKey, headKey, type Key } from './table.ts';

export interface EventToWrite {
  readonly draft: EventDraft;
  /** The statement that caused the event, if it is stored nowhere else. */
  readonly evidence?: Jws;
}

export interface Write {
  /** The steps. If they contain the hashes of the events, this is a function, which the writer calls with the hashes at each attempt. */
  readonly steps: readonly Step[] | ((events: readonly string[]) => readonly Step[]);
  /** Audit events, all of one patient. */
  readonly events?: readonly EventToWrite[];
  /** Absent if this write continues an earlier write, which had a claim. */
  readonly claim?: Claim;
  /** The entry that the write adds to the caller's chain of statements. If present, the caller is the patient of all events. */
  readonly entry?: NewEntry;
  /** The heads of the trail and of the chain of statements, if they were read already. */
  readonly head?: Heads;
  readonly patience?: Patience;
}

export type Writer = (write: Write) => Promise<Written>;

/** The claim of a request nonce. It is stored until an hour after the signature expires, so that a copy of the request has no effect. */
export const nonceClaim = ({ caller, nonce }: Call): Claim => ({
  pk: claimPk(caller, nonce.value),
  ttl: ttlOf(nonce.expires),
});
/** Returns the claim and the entry of a request. */
export const effectOf = (call: Call): Pick<Write, 'claim' | 'entry'> => ({
  claim: nonceClaim(call),
  ...(call.entry === undefined ? {} : { entry: call.entry }),
});
export const ttlOf = (end: number): number => Math.ceil((end + HOUR) / SECOND);

export const headOf = (item: Item | undefined): Heads =>
  item === undefined
    ? { ...EMPTY_CHAIN, entries: NO_ENTRIES }
    : { seq: count(item, 'seq'), hash: text(item, 'hash'), entries: entryHeadOf(item) };

const entryHeadOf = (item: Item): EntryHead => {
  const hash = optionalText(item, 'entry');
  return hash === undefined ? NO_ENTRIES : { number: count(item, 'entries'), hash };
};

interface Link extends ChainLink {
  readonly evidence: Jws | undefined;
}

const linksAfter = (head: Heads, events: readonly EventToWrite[]): readonly Link[] => {
  let last: ChainHead = head;
  return events.map(({ draft, evidence }) => {
    const link = nextEvent(last, draft);
    last = { seq: link.event.seq, hash: link.hash };
    return { ...link, evidence };
  });
};

const eventItem = ({ text: words, hash, event, evidence }: Link): Fields & Key => ({
  ...eventKey(event.patient, event.seq),
  ...eventIndexes(event),
  text: words,
  hash,
  evidence,
});

const unexpected = (): never => {
  throw new TypeError('the claim and the chain are read before conditions');
};

/** Makes the steps that write at the ends of trail and chain: the head item, the events, and the entry. */
const chainSteps = (head: Heads, links: readonly Link[], entry: NewEntry | undefined): readonly Step[] => {
  const last = links.at(-1);
  if (last === undefined) return [];
  const { patient } = last.event;
  const unmoved: Step['when'] =
    head.seq === 0
      ? [{ member: 'pk', test: 'absent', otherwise: unexpected }]
      : [
          { member: 'seq', test: '=', value: head.seq, otherwise: unexpected },
          { member: 'hash', test: '=', value: head.hash, otherwise: unexpected },
        ];
  const entries = entry === undefined ? head.entries : headAfter(entry);
  return [
    { put: { ...headKey(patient), seq: last.event.seq, hash: last.hash, ...headFields(entries) }, when: unmoved },
    ...links.map((l) => newItem(eventItem(l))),
    ...(entry === undefined ? [] : [newItem(entryItem(patient, entry))]),
  ];
};

const newItem = (put: Fields & Key): Step => ({
  put,
  when: [{ member: 'pk', test: 'absent', otherwise: unexpected }],
});

const claimItem = (table: string, { claim, invocation }: Attempt): TransactWriteItem[] =>
  claim === undefined
    ? []
    : [
        {
          Put: {
            TableName: table,
            Item: toAttributes({ pk: claim.pk, ttl: claim.ttl, invocation, ...claim.opening }),
            ConditionExpression: 'attribute_not_exists(pk)',
            ReturnValuesOnConditionCheckFailure: 'ALL_OLD',
          },
        },
      ];

const judge = (error: unknown, attempt: Attempt): Verdict => {
  if (error instanceof TransactionCanceledException) return readCancellation(error.CancellationReasons ?? [], attempt);
  // It is unknown whether the write was done, so the writer tries again. If the write was done, the next attempt finds its own claim.
  if (isTransient(error)) return { is: 'retry' };
  throw error;
};

export const makeWriter = (context: StoreContext): Writer => {
  const { dynamo, tables, waiting } = context;

  const send = async (attempt: Attempt): Promise<Verdict> => {
    const items = [...attempt.chain, ...attempt.steps].map((s) => toTransactItem(tables.main, s));
    try {
      await dynamo.send(
        new TransactWriteItemsCommand({ TransactItems: [...claimItem(tables.nonces, attempt), ...items] }),
      );
      return { is: 'done' };
    } catch (error) {
      return judge(error, attempt);
    }
  };

  return async ({ steps, events = [], claim, entry, head: known, patience = NORMAL }) => {
    const invocation = toBase64url(waiting.rng(16));
    const patient = events[0]?.draft.patient;
    const pause = patiently(waiting, patience);
    const readHead = async (): Promise<Heads> =>
      headOf(patient === undefined ? undefined : await getItem(context, headKey(patient)));

    for (let head = known ?? (await readHead()); ;) {
      if (entry !== undefined && !followsHead(entry.statement.payload, head.entries)) {
        if (await hasEntry(context, entry.statement)) return { repeated: true };
        throw new AppError('chain-moved');
      }
      const links = linksAfter(head, events);
      const made = typeof steps === 'function' ? steps(links.map((l) => l.hash)) : steps;
      const attempt: Attempt = { claim, steps: made, chain: chainSteps(head, links, entry), invocation };
      const verdict = await send(attempt);
      if (verdict.is === 'done') return { repeated: false };
      if (verdict.is === 'repeated') {
        // The change is stored. If the chain lacks the entry of this call, another entry made the change, so this call was not done before.
        if (entry !== undefined && !(await hasEntry(context, entry.statement))) throw new AppError('chain-moved');
        return { repeated: true };
      }
      if (verdict.is === 'refused') throw verdict.error;
      await pause();
      // Others may have written during the pause, so the head is read again.
      head = await readHead();
    }
  };
};
