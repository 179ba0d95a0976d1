// Tests the chain of statements on the side of the service: which entries it accepts, for every call that adds one, and how it lists them.
import { describe, expect, test } from '@jest/globals';
import { ROUTES, type RouteName } from '../../lib/api/routes.ts';
import type { Payload } from '../../lib/statements/kinds.ts';
import { signStatement } from '../../lib/statements/sign.ts';
import { statementHash } from '../../lib/statements/verify.ts';
import { addsEntry, SERVICE_KEY } from '../support/entries.ts';
import { clinic, refused, send, unchanged, type Clinic } from './clinic.ts';
import {
  deletionOf,
  denialOf,
  folderOf,
  grantOf,
  identityOf,
  nobody,
  NOW,
  patient,
  recipient,
  revocationOf,
  signed,
  stranger,
  type Person,
} from './people.ts';

interface Act {
  readonly name:
    | 'create-folder'
    | 'delete-record'
    | 'deny-request'
    | 'approve-request'
    | 'grant-access'
    | 'pause-grant'
    | 'revoke-grant'
    | 'register';
  readonly params: object;
  readonly body: object;
  /** Hashes of the statements, in the order of the entry. */
  readonly hashes: readonly string[];
}

const one = (name: Act['name'], params: object, { jws, hash }: { jws: string; hash: string }): Act => ({
  name,
  params,
  body: { statement: jws },
  hashes: [hash],
});

/** One call of the patient for each kind of statement that the chain contains. */
const ACTS: Readonly<Record<Act['name'], (w: Clinic) => Promise<Act>>> = {
  register: async (w) => {
    const last = (await w.ports.identities.find(patient.keys.id))!.statement;
    const next = await identityOf(patient, { number: 2, previous: last.hash });
    return one('register', { id: patient.keys.id }, next);
  },
  'create-folder': async () => {
    const folder = await folderOf(patient);
    return one('create-folder', { folderId: folder.payload.folder }, folder);
  },
  'delete-record': async (w) => {
    const { statement } = w.letter;
    return one('delete-record', { recordId: statement.payload.record }, await deletionOf(patient, statement));
  },
  'deny-request': async (w) => one('deny-request', { requestId: w.request.payload.request }, await denialOf(w.request)),
  'approve-request': async (w) => {
    const { statement, body } = await grantOf([w.folder], { answers: w.request });
    return {
      name: 'approve-request',
      params: { requestId: w.request.payload.request },
      body: { grants: [body] },
      hashes: [statement.hash],
    };
  },
  'grant-access': async (w) => {
    const { statement, body } = await grantOf([w.folder]);
    return { name: 'grant-access', params: { grantId: statement.payload.grant }, body, hashes: [statement.hash] };
  },
  'pause-grant': async (w) => {
    const { payload, hash } = w.grant.statement;
    const pause = { patient: patient.keys.id, grant: payload.grant, of: hash, number: 1, when: NOW };
    return one('pause-grant', { grantId: payload.grant }, await signed('pause', pause, {}, patient));
  },
  'revoke-grant': async (w) =>
    one('revoke-grant', { grantId: w.grant.statement.payload.grant }, await revocationOf(w.grant.statement)),
};
const names = Object.keys(ACTS) as Act['name'][];

const headOf = (w: Clinic) => w.state.entries.get(patient.keys.id)!.at(-1)!.statement;

const entryOf = (
  w: Clinic,
  hashes: readonly string[],
  changes: Partial<Payload<'entry'>> = {},
  by: Person = patient,
) => {
  const { payload, hash } = headOf(w);
  const next = {
    id: by.keys.id,
    service: SERVICE_KEY,
    number: payload.number + 1,
    previous: hash,
    statements: [...hashes],
    issued: NOW,
  };
  return signStatement('entry', { ...next, ...changes }, by.keys);
};

const call = (w: Clinic, { name, params, body }: Act, more: object) =>
  send(w, name, patient, { params, body: { ...body, ...more } } as never);

const HASH = 'A'.repeat(43);
const invalid = (member: string) => ({ code: 'statement-invalid', member });

test('every call that stores a statement of the patient alone takes an entry, and no other call does', () => {
  const taking = (Object.keys(ROUTES) as RouteName[]).filter(addsEntry);
  expect(taking.toSorted()).toEqual([...names, 'extend-grant', 'resume-grant'].toSorted());
});

describe.each(names)('%s', (name) => {
  test('stores the entry that follows the last one, with its statements', async () => {
    const w = await clinic();
    const act = await ACTS[name](w);
    const entry = await entryOf(w, act.hashes);
    await call(w, act, { entry: entry.jws });
    const [stored] = (await send(w, 'list-chain', patient, { query: { after: entry.payload.number - 1 } })).entries;
    expect(stored!.entry).toBe(entry.jws);
    expect(stored!.statements.map(statementHash)).toEqual(act.hashes);
  });

  test('answers a repetition with the same entry, and stores it once', async () => {
    const w = await clinic();
    const act = await ACTS[name](w);
    const { jws } = await entryOf(w, act.hashes);
    const first = await call(w, act, { entry: jws });
    expect(await unchanged(w, () => call(w, act, { entry: jws }))).toEqual(first);
  });

  test('refuses an entry that names other statements, more of them, or none of the body', async () => {
    const w = await clinic();
    const act = await ACTS[name](w);
    for (const hashes of [[HASH], [...act.hashes, HASH], [HASH, ...act.hashes]]) {
      const { jws } = await entryOf(w, hashes);
      expect(await refused(w, () => call(w, act, { entry: jws }))).toEqual(invalid('entry'));
    }
  });

  test('refuses an entry of somebody else', async () => {
    const w = await clinic();
    const act = await ACTS[name](w);
    const { jws } = await entryOf(w, act.hashes, {}, stranger);
    expect(await refused(w, () => call(w, act, { entry: jws }))).toBe('StatementError wrong-signer');
  });

  test('refuses an entry that does not follow the last one', async () => {
    const w = await clinic();
    const act = await ACTS[name](w);
    const { payload } = headOf(w);
    for (const changes of [{ number: payload.number }, { number: payload.number + 2 }, { previous: HASH }]) {
      const { jws } = await entryOf(w, act.hashes, changes);
      expect(await refused(w, () => call(w, act, { entry: jws }))).toEqual({ code: 'chain-moved' });
    }
  });

  test('refuses an entry for a change that another entry has made', async () => {
    const w = await clinic();
    const act = await ACTS[name](w);
    await call(w, act, { entry: (await entryOf(w, act.hashes)).jws });
    const { jws } = await entryOf(w, act.hashes);
    const answer = await refused(w, () => call(w, act, { entry: jws }));
    const codes = ['chain-moved', 'request-closed', 'statement-outdated', 'grant-ended'];
    expect(codes).toContain((answer as { code: string }).code);
  });
});

describe('void entries', () => {
  test('come with their statements, which are listed with the entry', async () => {
    const w = await clinic();
    const act = await ACTS['create-folder'](w);
    const lost = await grantOf([w.folder]);
    const voids = [{ entry: HASH, statements: [lost.statement.hash] }];
    const entry = await entryOf(w, act.hashes, { voids });
    expect(await refused(w, () => call(w, act, { entry: entry.jws }))).toEqual(invalid('voided'));
    const other = await grantOf([w.folder]);
    const wrong = { entry: entry.jws, voided: [other.statement.jws] };
    expect(await refused(w, () => call(w, act, wrong))).toEqual(invalid('voided'));
    await call(w, act, { entry: entry.jws, voided: [lost.statement.jws] });
    const { entries } = await send(w, 'list-chain', patient, {});
    expect(entries.at(-1)!.voided).toEqual([lost.statement.jws]);
  });

  test('may not contain a statement of somebody else, nor come without an entry that names them', async () => {
    const w = await clinic();
    const act = await ACTS['create-folder'](w);
    const theirs = await folderOf(stranger);
    const voids = [{ entry: HASH, statements: [theirs.hash] }];
    const entry = await entryOf(w, act.hashes, { voids });
    const sent = { entry: entry.jws, voided: [theirs.jws] };
    expect(await refused(w, () => call(w, act, sent))).toBe('StatementError wrong-signer');
    const plain = await entryOf(w, act.hashes);
    expect(await refused(w, () => call(w, act, { entry: plain.jws, voided: [theirs.jws] }))).toEqual(invalid('voided'));
  });
});

describe('list-chain', () => {
  test("returns the caller's own entries in order, after a number, page by page", async () => {
    const w = await clinic();
    const all = w.state.entries.get(patient.keys.id)!.map((e) => e.statement.jws);
    const whole = await send(w, 'list-chain', patient, {});
    expect(whole.entries.map((e) => e.entry)).toEqual(all);
    const later = await send(w, 'list-chain', patient, { query: { after: 2 } });
    expect(later.entries.map((e) => e.entry)).toEqual(all.slice(2));
    const page = await send(w, 'list-chain', patient, { query: { limit: 1 } });
    expect(page.entries.map((e) => e.entry)).toEqual(all.slice(0, 1));
    const next = await send(w, 'list-chain', patient, { query: { cursor: page.next! } });
    expect(next.entries.map((e) => e.entry)).toEqual(all.slice(1));
  });

  test('returns to others their own chain only, and refuses a caller that is not registered', async () => {
    const w = await clinic();
    expect((await send(w, 'list-chain', recipient, {})).entries).toHaveLength(1);
    expect(await refused(w, () => send(w, 'list-chain', nobody, {}))).toEqual({ code: 'not-registered' });
  });
});

test('the void statements of a body have at most 200,000 characters, so that their entry can be stored', () => {
  const jws = `a.${'b'.repeat(49_996)}.c`;
  const body = { statement: jws, entry: jws };
  const isValid = (voided: string[]) => ROUTES['revoke-grant'].body.safeParse({ ...body, voided }).success;
  expect(isValid([jws, jws, jws, jws])).toBe(true);
  expect(isValid([jws, jws, jws, jws, 'a.b.c'])).toBe(false);
});
