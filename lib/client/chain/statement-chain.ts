// The caller's chain of statements: reads it, derives from it the access that the patient gave, and adds entries. It saves the memory before it sends an
// entry.
import { AppError } from '../../api/errors.ts';
import type { Payload, Statement } from '../../statements/kinds.ts';
import { MOST_VOID, MOST_VOID_TEXT } from '../../statements/kinds/entry.ts';
import { signStatement, type Signer } from '../../statements/sign.ts';
import { ClientError } from '../session/errors.ts';
import type { Memory, PendingEntry } from '../session/memory.ts';
import { pages } from '../session/pagination.ts';
import type { CallOptions, CallRoute } from '../session/transport.ts';
import { createAccessFold, type GivenAccess, type VerifiedEntry } from './given-access.ts';
import { createTurns } from './turns.ts';
import { verifyEntry, type ChainOwner, type EntryView } from './verify-entries.ts';

/** The members of a request body that add an entry to the chain. */
export interface EntryBody {
  readonly entry: string;
  readonly voided?: string[];
}

/** The statements of one act, in order, and the call that sends them with their entry. */
export interface Act<T> {
  readonly statements: readonly Statement[];
  readonly send: (entry: EntryBody) => Promise<T>;
}

/** Returns the members of a body that sends an entry of the chain again. The service recognises the entry and answers as before. */
export const entryBodyOf = ({ entry, voided }: VerifiedEntry): EntryBody => ({
  entry: entry.jws,
  ...(voided.length === 0 ? {} : { voided: voided.map((v) => v.jws) }),
});

/** The result of an act that the chain has already, so that the client signs nothing. */
export interface Done<T> {
  readonly done: T;
}

/** Decides on an act by the access that the patient gave. @throws {ClientError} `not-mine` if the chain does not have the object of the act */
export type Decide<T> = (given: GivenAccess) => Promise<Act<T> | Done<T>>;

/** The access that the patient gave, and the entries that were pending when the chain was read. */
export interface KnownAccess extends GivenAccess {
  readonly pending: readonly PendingEntry[];
}

export interface OwnChain {
  /** Reads the entries that this client does not have yet. @throws {ClientError} `unverified` (`chain`), `rolled-back` (`chain`) */
  readonly sync: (options?: CallOptions) => Promise<KnownAccess>;
  /** Returns the access that the patient gave, by the entries read so far. If none was read yet, it reads the chain first. */
  readonly state: (options?: CallOptions) => Promise<GivenAccess>;
  /**
   * Signs an entry for the statements that `decide` returns, and sends entry and statements. If the service refuses them and another device has added an entry
   * meanwhile, `decide` is called again with the new chain. Acts run one after the other, so `decide` and `send` must not call this object: they would wait for
   * their own act. After `chain-moved` the client waits before it tries again. If the signal aborts before the entry is sent, the act ends at once and leaves no
   * pending entry.
   * @param decide gets the access that the patient gave; it may be called several times, and may throw to end the act
   * @throws {ClientError} `unverified` (`chain`), before anything is sent, if the statements contradict the chain; `bad-answer` if the service says that the
   *   chain has a new last entry but returns none
   */
  readonly append: <T>(decide: Decide<T>, options?: CallOptions) => Promise<T>;
}

export interface ChainInit {
  readonly call: CallRoute;
  readonly signer: Signer;
  readonly memory: Memory;
  readonly now: () => number;
  /** The service key, configured or pinned. */
  readonly service: (options?: CallOptions) => Promise<string>;
  /** Stores the memory. The client waits until it is stored before it sends an entry. */
  readonly save: () => Promise<void>;
  /** Waits before the next try of an act, for a random time that grows with `attempt` (0 for the first wait). */
  readonly pause: (attempt: number, signal: AbortSignal | undefined) => Promise<void>;
}

/** Maximum number of times that the client decides on an act. It decides again if another device added an entry first. */
const TRIES = 8;

const isMoved = (error: AppError): boolean => error.code === 'chain-moved';

const isNotFound = (error: unknown): boolean => error instanceof ClientError && error.code === 'not-mine';

/** Whether the service refused an act for a reason that a new entry of another device may explain. */
const isRefusal = (error: unknown): error is AppError =>
  error instanceof AppError && error.code !== 'busy' && error.code !== 'too-many';

/** Chooses the pending entries that the next entry names as void: the oldest ones, and at least one. Later entries name the rest. */
const toVoid = (pending: readonly PendingEntry[]): readonly PendingEntry[] => {
  let length = 0;
  return pending.slice(0, MOST_VOID).filter(({ statements }, i) => {
    length += statements.join('').length;
    return i === 0 || length <= MOST_VOID_TEXT;
  });
};

const endless = () => new ClientError('bad-answer', 'the chain of statements does not end');

const rolledBack = () => new ClientError('rolled-back', 'refused: the chain of statements is not what it was', 'chain');

export const createOwnChain = ({ call, signer, memory, now, service, save, pause }: ChainInit): OwnChain => {
  const fold = createAccessFold();
  let last: EntryView | undefined;
  let isRead = false;
  /** The pending entries at the last reading: the chain does not have them. */
  let absent: readonly PendingEntry[] = [];
  const inTurn = createTurns();

  const take = async (view: EntryView, owner: ChainOwner): Promise<void> => {
    const { head } = fold.state();
    const verified = await verifyEntry(head, view, owner);
    const { number } = verified.entry.payload;
    const known = memory.chainHead();
    if (known.number === number && known.hash !== verified.entry.hash) throw rolledBack();
    fold.apply(verified);
    last = view;
    memory.settlePending(verified.entry);
  };

  /** Reads the entries after the last known one, and checks that the service still returns the last known one. */
  const read = async (options: CallOptions): Promise<void> => {
    const owner = { id: signer.id, service: await service(options) };
    const known = memory.chainHead().number;
    const { number } = fold.state().head;
    const after = Math.max(0, number - 1);
    let again = last;
    for await (const page of pages((cursor) => call('list-chain', { query: { ...cursor, after } }, options))) {
      if (page.entries.length === 0 && page.next !== undefined) throw endless();
      for (const view of page.entries) {
        if (again === undefined) await take(view, owner);
        else if (view.entry !== again.entry) throw rolledBack();
        again = undefined;
      }
    }
    const { head } = fold.state();
    if (again !== undefined || head.number < known) throw rolledBack();
    memory.noteChain(head);
    isRead = true;
    await save();
  };

  const isUnregistered = (error: unknown): boolean => error instanceof AppError && error.code === 'not-registered';

  /** Reads the chain. An identity that is not registered has no chain, which is no error. */
  const readIfAny = async (options: CallOptions): Promise<void> => {
    try {
      await read(options);
    } catch (error) {
      if (!isUnregistered(error) || memory.chainHead().number > 0) throw error;
      isRead = true;
    }
    absent = memory.pending();
  };

  const addOnce = async <T>(act: Act<T>, options: CallOptions): Promise<T> => {
    fold.assertFit(act.statements);
    const { head } = fold.state();
    const voids = toVoid(memory.pending());
    const payload: Payload<'entry'> = {
      id: signer.id,
      service: await service(options),
      number: head.number + 1,
      ...(head.hash === undefined ? {} : { previous: head.hash }),
      statements: act.statements.map((s) => s.hash),
      ...(voids.length === 0 ? {} : { voids: voids.map(({ hash, hashes }) => ({ entry: hash, statements: hashes })) }),
      issued: now(),
    };
    const entry = await signStatement('entry', payload, signer);
    options.signal?.throwIfAborted();
    const voided = voids.flatMap((p) => p.statements);
    const kept: PendingEntry = {
      entry: entry.jws,
      hash: entry.hash,
      statements: act.statements.map((s) => s.jws),
      hashes: payload.statements,
    };
    memory.addPending(kept);
    await save();
    if (options.signal?.aborted === true) {
      // The entry has not left the device, so it need not be named as void.
      memory.dropPending(kept);
      await save();
      options.signal.throwIfAborted();
    }
    const body = { entry: entry.jws, ...(voided.length === 0 ? {} : { voided }) };
    const answer = await act.send(body);
    await take({ ...body, statements: kept.statements }, { id: signer.id, service: payload.service });
    memory.noteChain(fold.state().head);
    await save();
    return answer;
  };

  /** Reads the new entries. @returns whether there are any */
  const hasMoved = async (options: CallOptions): Promise<boolean> => {
    const { number } = fold.state().head;
    await readIfAny(options);
    return fold.state().head.number > number;
  };

  /** Whether there may be entries that this object has not read: another client that uses the same memory may have added them. */
  const isBehind = (): boolean => !isRead || fold.state().head.number < memory.chainHead().number;

  /** Whether the service may have stored a pending entry: one that was sent after the last reading. */
  const mayHavePending = (): boolean => memory.pending().some((p) => !absent.includes(p));

  /**
   * Decides by the entries read so far. If the object of the act is not among them, reads the new entries and decides again, because another device may
   * have added it.
   */
  const decided = async <T>(decide: Decide<T>, options: CallOptions): Promise<Act<T> | Done<T>> => {
    try {
      return await decide(fold.state());
    } catch (error) {
      if (!isNotFound(error) || !(await hasMoved(options))) throw error;
      return decide(fold.state());
    }
  };

  const append: OwnChain['append'] = (decide, options = {}) =>
    inTurn(async () => {
      if (isBehind() || mayHavePending()) await readIfAny(options);
      for (let attempt = 1; ; attempt++) {
        const act = await decided(decide, options);
        if ('done' in act) return act.done;
        options.signal?.throwIfAborted();
        try {
          return await addOnce(act, options);
        } catch (error) {
          if (!isRefusal(error) || attempt === TRIES) throw error;
          if (isMoved(error)) await pause(attempt - 1, options.signal);
          if (await hasMoved(options)) continue;
          if (isMoved(error))
            throw new ClientError('bad-answer', 'the service says that the chain has moved: it has not');
          throw error;
        }
      }
    }, options.signal);

  return {
    sync: (options = {}) =>
      inTurn(async () => {
        await readIfAny(options);
        return { ...fold.state(), pending: memory.pending() };
      }, options.signal),
    state: (options = {}) =>
      inTurn(async () => {
        if (isBehind()) await readIfAny(options);
        return fold.state();
      }, options.signal),
    append,
  };
};
