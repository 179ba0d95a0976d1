// Judges each call that a client sends: no file key and no key fragment may reach somebody whom the chain does not name, no statement may contradict another
// one, and each entry must be in the saved memory before the client sends it.
import type { EntryHead } from '../../../lib/domain/statement-chain.ts';
import type { GrantId, IdentityId } from '../../../lib/bytes/ids.ts';
import type { RouteName } from '../../../lib/api/routes.ts';
import type { MemorySnapshot, TrailEntry } from '../../../lib/client/index.ts';
import { fromBase64url } from '../../../lib/bytes/codec.ts';
import { openSeeds } from '../../../lib/envelope/companion-seeds.ts';
import { decapsulator, type Decapsulator } from '../../../lib/envelope/x-wing.ts';
import { deviceKeys, type DeviceKeys } from '../../../lib/identity/key-derivation.ts';
import type { StoredWrap } from '../../../lib/ports/index.ts';
import type { Payload, Statement, StatementHash } from '../../../lib/statements/kinds.ts';
import { fill } from '../../statements/samples.ts';
import type { Facts, Filed, Fragment, Given } from './facts.ts';
import { opens } from './opens-wrap.ts';

const HOUR = 3_600_000;
/** The most by which a time in a statement may be wrong: 26 hours that a service can move a client's clock without asking the user, and one hour more. */
const MOST_WRONG = 27 * HOUR;

/** A client as the judge knows it. A client whose memory is lost continues as a new subject. */
export interface Subject {
  readonly id: IdentityId;
  readonly isPatient: boolean;
  readonly head: () => EntryHead;
  readonly trail: () => readonly TrailEntry[];
  readonly saved: () => MemorySnapshot | undefined;
  /** The grants that the user of this device revoked. */
  readonly revoking: ReadonlySet<GrantId>;
  /** Hashes of the statements that this device sent. */
  readonly sent: Set<StatementHash>;
  /** The entries that this device sent, oldest first. */
  readonly entries: Statement<'entry'>[];
  /** The highest epoch that a recipient verified or used, for each folder. */
  readonly epochs: Map<string, number>;
  /** The user's wish that the device carries out now. */
  readonly wish: Wish | undefined;
}

export interface Wish {
  /** The recipient to whom the user gives access in this act. */
  readonly recipient?: IdentityId | undefined;
  readonly filing?: Filed | undefined;
}

interface Pair {
  readonly statement: string;
  readonly kfrags?: readonly string[];
}
export interface CallBody extends Partial<Pair> {
  readonly entry?: string;
  readonly voided?: readonly string[];
  readonly extensions?: readonly Pair[];
  readonly grants?: readonly Pair[];
  readonly wrap?: StoredWrap;
  readonly folder?: string;
  readonly epoch?: number;
}

/** The keys of everybody in a life, by id. The judge opens wraps with them. */
export const KEYS: Readonly<Record<'patient' | 'clinician' | 'registrar' | 'stranger', DeviceKeys>> = {
  patient: deviceKeys(fill(1, 32)),
  clinician: deviceKeys(fill(2, 32)),
  registrar: deviceKeys(fill(4, 32)),
  stranger: deviceKeys(fill(5, 32)),
};
const KEYS_OF = new Map<string, DeviceKeys>(Object.values(KEYS).map((keys) => [keys.id, keys]));

/**
 * Returns a function that opens a companion seed with the recipient's keys and returns the companion key, or undefined without a seed. It derives the key once.
 * @param place position of the cell in the statement
 */
const companionOf = (
  { payload: p }: Statement<'grant'> | Statement<'extension'>,
  recipient: IdentityId,
  place: number,
): (() => Decapsulator | undefined) => {
  let known: Decapsulator | undefined;
  return () => {
    const keys = KEYS_OF.get(recipient);
    if (known !== undefined || keys === undefined || p.companions === undefined) return known;
    const extension = 'number' in p ? p.number : 0;
    const context = { patient: p.patient, recipient, grant: p.grant, extension };
    const seed = openSeeds(fromBase64url(p.companions), keys.inbox(), context)[place];
    known = seed && decapsulator(seed);
    return known;
  };
};

/** Whether a grant goes on (it has not ended), by all that the patient's device knows. */
export const goesOn = (by: Subject, given: Given, id: GrantId, now: number): boolean => {
  const grant = given.grants.get(id);
  if (grant === undefined || grant.isRevoked || grant.isUnwanted || by.revoking.has(id)) return false;
  const { expires, openings = Infinity } = grant.statement.payload;
  const events = by.trail().filter((e) => e.subject.grant === id);
  const used = events.flatMap((e) => (e.kind === 'records-opened' ? (e.subject.records ?? []) : [])).length;
  return expires > now && used < openings && !events.some((e) => e.kind === 'grant-returned');
};

export const newJudge = (facts: Facts, { now, service }: { readonly now: () => number; readonly service: string }) => {
  const faults: string[] = [];
  /** How often a key fragment opened a wrap for somebody whom the chain names. A life in which this stays 0 checks nothing. */
  const counts = { reached: 0 };

  const note = (by: Subject, jws: string): Statement => {
    const s = facts.read(jws);
    by.sent.add(s.hash);
    if (facts.signed.has(s.hash)) return s;
    facts.signed.set(s.hash, s);
    const { issued, when, created, until } = s.payload as unknown as Partial<Record<string, number>>;
    for (const time of [issued, when, created])
      if (time !== undefined && (time > now() + MOST_WRONG || (time < now() - MOST_WRONG && s.kind !== 'record')))
        faults.push(`a ${s.kind} statement has a time that the service chose`);
    if (s.kind === 'request' && until !== created! + 30 * 24 * HOUR)
      faults.push('a request has another end than its sender chose');
    if (s.kind === 'request' && (s as Statement<'request'>).payload.service !== service)
      faults.push('a request is for another deployment');
    return s;
  };

  const judgeFragment = (by: Subject, { statement, recipient, receiving, grant }: Fragment, before: Given): void => {
    const keys = KEYS_OF.get(recipient);
    if (statement.kind === 'grant' && by.wish?.recipient !== recipient)
      faults.push('key fragments left for somebody whom the user did not choose');
    if (statement.kind === 'extension' && !goesOn(by, before, grant, now()))
      faults.push('key fragments left for a grant that does not go on');
    if (keys === undefined || facts.receivingKeys.get(recipient)?.includes(receiving.key) !== true)
      faults.push('key fragments left for a key that is not of the recipient');
  };

  const noteFragments = (by: Subject, { statement: jws, kfrags = [] }: Partial<Pair>, before: Given): void => {
    const s = jws === undefined ? undefined : facts.read(jws);
    if (s?.kind !== 'grant' && s?.kind !== 'extension') return;
    const statement = s as Statement<'grant'> | Statement<'extension'>;
    const { grant } = statement.payload;
    const terms = statement.kind === 'grant' ? statement.payload : before.grants.get(grant)?.statement.payload;
    for (const [i, kfrag] of kfrags.entries()) {
      if (terms === undefined) {
        faults.push('key fragments left for a grant that the chain does not have');
        return;
      }
      const { recipient, receiving } = terms;
      const cell = statement.payload.cells[i]!;
      const companion = companionOf(statement, recipient, i);
      const fragment = { statement, grant, cell, kfrag, receiving, recipient, companion };
      judgeFragment(by, fragment, before);
      facts.fragments.push(fragment);
    }
  };

  const judgeEntry = (by: Subject, jws: string, statements: readonly string[]): void => {
    const entry = facts.read(jws) as Statement<'entry'>;
    const p = entry.payload;
    if (facts.entries.has(entry.hash)) return;
    const read = statements.map((s) => note(by, s));
    if (p.service !== service) faults.push('an entry is for another deployment');
    const hashes = read.map((s) => s.hash);
    if (p.statements.join() !== hashes.join()) faults.push('an entry names other statements than those beside it');
    const snapshot = by.saved();
    if (!snapshot?.pending.some((pending) => pending.hash === entry.hash))
      faults.push('an entry left before the memory was saved');
    const fault = facts.addEntry(entry, read);
    if (fault !== undefined) {
      faults.push(fault);
      return;
    }
    const given = facts.given(entry.hash);
    const { hash } = by.head();
    if (hash !== undefined && !given.entries.has(hash)) faults.push('an entry does not follow what the device knows');
    const open = by.entries.filter((e) => !given.entries.has(e.hash) && !given.voidEntries.has(e.hash));
    // One entry names at most 8 entries as void. So this is checked only while the device has sent at most 8 entries.
    if (open.length > 0 && by.entries.length <= 8)
      faults.push('an entry leaves an earlier one neither in the chain nor void');
    if ((p.voids ?? []).some((v) => given.entries.has(v.entry)))
      faults.push('an entry names an entry of its chain as void');
    by.entries.push(entry);
  };

  const isEntitled = (by: Subject, { statement: { hash }, grant }: Fragment): boolean => {
    const given = facts.given(by.head().hash);
    if (given.statements.has(hash)) return goesOn(by, given, grant, now());
    // No entry of the chain names this statement. The device still knows of its fragment if it sent the statement, or if the chain names the statement as void.
    return !given.voids.has(hash) && !by.sent.has(hash);
  };

  /** Tries every key fragment that the service ever got on the wrap of a new record. */
  const judgeWrap = (by: Subject, wrap: StoredWrap, p: Payload<'record'>): void => {
    for (const fragment of facts.fragments) {
      if (fragment.cell.folder !== p.folder || fragment.cell.epoch !== p.epoch) continue;
      const receiving = KEYS_OF.get(fragment.recipient)!.receiving(fragment.receiving.number);
      if (!opens(wrap, fragment, { receiving, context: p })) continue;
      if (isEntitled(by, fragment)) counts.reached += 1;
      else faults.push('a file key reached somebody whom the chain does not name');
    }
  };

  const judgeRecord = (by: Subject, { wrap, statement }: CallBody): void => {
    const record = note(by, statement!) as Statement<'record'>;
    const { folder, epoch, author } = record.payload;
    facts.filed.set(record.hash, by.wish!.filing!);
    if (author !== by.id) faults.push('a record has another author');
    if (by.isPatient) {
      judgeWrap(by, wrap!, record.payload);
      return;
    }
    if (epoch < (by.epochs.get(folder) ?? 0)) faults.push('an author wrapped a file key for an old cell');
    by.epochs.set(folder, epoch);
  };

  /** Judges a call at the moment when it leaves the client. */
  const onCall = (by: Subject, route: RouteName, body: CallBody): void => {
    const { entry, statement, extensions = [], grants = [] } = body;
    if (entry !== undefined) {
      const statements = [
        ...(statement === undefined ? [] : [statement]),
        ...[...extensions, ...grants].map((b) => b.statement),
      ];
      const isNew = !facts.entries.has(facts.read(entry).hash);
      judgeEntry(by, entry, statements);
      const { hash } = facts.read(entry);
      if (!isNew || !facts.entries.has(hash)) return;
      for (const pair of [body, ...extensions, ...grants]) noteFragments(by, pair, facts.given(hash));
    } else if (route === 'commit-record') judgeRecord(by, body);
    else if (route === 'begin-upload' && !by.isPatient && body.epoch! < (by.epochs.get(body.folder!) ?? 0))
      faults.push('an author begins to file into an old cell');
    else if (statement !== undefined) {
      const { kind } = note(by, statement);
      if (!['request', 'withdrawal', 'return', 'opening'].includes(kind))
        faults.push(`a ${kind} statement left without an entry`);
    }
  };

  return { faults, counts, onCall };
};
export type Judge = ReturnType<typeof newJudge>;
