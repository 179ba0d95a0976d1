// Tests replays: every mutation is sent again with the same bytes, at once and after a minute, and also newly signed. No replay has an effect: items, trail,
// counters and blobs stay the same.
import { beforeAll, describe, expect, jest, test } from '@jest/globals';
import { ROUTES, type RouteName } from '../../../lib/api/routes.ts';
import { utf8 } from '../../../lib/bytes/codec.ts';
import { MINUTE } from '../../../lib/domain/time.ts';
import type { DeviceKeys } from '../../../lib/identity/key-derivation.ts';
import { newId, type FolderId } from '../../../lib/bytes/ids.ts';
import { createContext } from '../../../lib/client/session/context.ts';
import { signRequest } from '../../../lib/identity/http-signature.ts';
import { bytesOf, newPerson, patientOf, recipientOf, when, type Person } from '../flows/people.ts';
import { putCellAlone } from '../../support/cell-alone.ts';
import { routeOf } from '../../support/function-call.ts';
import { makeService } from '../../support/in-process.ts';
import { blobsOf, itemsOf } from '../stored-items.ts';

interface Answered {
  readonly status: number;
  readonly body: string;
}
/** A mutation as it was sent, its answer, the answers to its first two repetitions, and what was stored before and after them. */
interface Captured {
  readonly route: RouteName;
  readonly signer: Person;
  readonly url: string;
  readonly headers: Readonly<Record<string, string>>;
  readonly body: string;
  /** When the mutation was sent, in ms. */
  readonly at: number;
  readonly first: Answered;
  readonly again: Answered;
  readonly newlySigned: Answered;
  readonly prior: Stored;
  readonly before: Stored;
  readonly after: Stored;
}
interface Stored {
  readonly items: readonly string[];
  readonly blobs: readonly string[];
}

// These tests read hundreds of items for each call. So a time limit must not decide the result.
jest.setTimeout(600_000);

/** The clock of clients and service, in ms. Each reading advances it, by 1 ms only, so that no signature expires on a busy machine. */
let now = Date.now();
const clock = (): number => now++;
const service = makeService({ env: process.env, clock });

/** All ids that occurred in any call. */
const ids = new Set<string>();
const IDS = /ehr1[a-z0-9]{58}|(?<![A-Za-z0-9_-])[a-z2-7]{26}(?![A-Za-z0-9_-])/g;
const collectIds = (url: string, body: string): void => {
  const payloads = body.split('.').map((part) => Buffer.from(part, 'base64url').toString('latin1'));
  for (const text of [url, body, ...payloads]) for (const [id] of text.matchAll(IDS)) ids.add(id);
};

const stored = async (): Promise<Stored> => {
  const [items, blobs] = await Promise.all([itemsOf(ids), blobsOf(ids)]);
  return { items, blobs };
};

const answerOf = async (response: Response): Promise<Answered> => ({
  status: response.status,
  body: await response.text(),
});

type Sent = Pick<Captured, 'route' | 'url' | 'headers' | 'body'>;
const send = async ({ route, url, headers, body }: Sent): Promise<Answered> =>
  answerOf(await service.fetch(url, { method: ROUTES[route].method, headers, body }));

const signedBy = async (keys: DeviceKeys, sent: Sent): Promise<Sent> => ({
  ...sent,
  headers: await signRequest({ method: ROUTES[sent.route].method, url: sent.url, body: utf8(sent.body) }, keys, {
    now: clock(),
  }),
});

const captured: Captured[] = [];
/** Errors that a connection threw. After such an error the SDK repeats the call, and the repetition changes nothing. So one error makes the run useless. */
const thrown: unknown[] = [];
const noting = async <T>(run: () => Promise<T>): Promise<T> => {
  try {
    return await run();
  } catch (error) {
    thrown.push(error);
    throw error;
  }
};

const capture = async (signer: Person, request: Request): Promise<Response> => {
  const route = routeOf(request.method, new URL(request.url).pathname)!;
  const body = await request.clone().text();
  collectIds(request.url, body);
  if (ROUTES[route].access !== 'mutation') return service.fetch(request);

  const sent = { route, url: request.url, headers: Object.fromEntries(request.headers), body };
  const at = clock();
  const prior = await stored();
  const response = await service.fetch(request);
  const first = await answerOf(response.clone());
  const before = await stored();
  const again = await send(sent);
  const newlySigned = await send(await signedBy(signer.keys, sent));
  captured.push({ ...sent, signer, at, first, again, newlySigned, prior, before, after: await stored() });
  return response;
};

/** A connection that repeats each mutation of this person at once, and records the answers. */
const replaying = (signer: Person) => ({
  origin: service.origin,
  clock,
  fetch: (async (input, init) => {
    const url = input instanceof Request ? input.url : String(input);
    if (!url.startsWith(service.origin)) return service.fetch(input, init);
    // Drops the signal of the SDK, which aborts after 30 s: on a busy machine, reading the items before the call may take longer.
    const request = new Request(input, { ...init, signal: null });
    return noting(() => capture(signer, request));
  }) satisfies typeof fetch,
});

const people = { patient: newPerson(), recipient: newPerson(), stranger: newPerson() };

beforeAll(async () => {
  for (const { keys } of Object.values(people)) ids.add(keys.id);
  const [patient, recipient, stranger] = [
    patientOf(people.patient, replaying(people.patient)),
    recipientOf(people.recipient, replaying(people.recipient)),
    patientOf(people.stranger, replaying(people.stranger)),
  ];
  await patient.register();
  await recipient.register({ name: 'General Practice' });
  await recipient.register({ name: 'General Practice, renamed' });
  await stranger.register();
  const folder = await patient.createFolder({ name: 'Letters', category: 'letters' });
  const records = [
    await patient.file(folder.id, bytesOf(100), {}),
    await patient.file(folder.id, bytesOf(8 * 1024 * 1024 + 1), {}),
  ];
  const grant = await when.granted({ patient, recipient, folder: folder.id }, { openings: 5 });
  await recipient.open(grant, records);
  await patient.open(records);
  await when.asks({ patient, recipient, folder: folder.id });
  await patient.deny((await patient.listRequests('pending'))[0]!);
  const terms = { recipient: recipient.id, folders: [folder.id], purpose: 'TREAT', durationSeconds: 600 } as const;
  await patient.grant({ ...terms, openings: 5 });
  const [standing] = await patient.grant({
    recipient: recipient.id,
    everything: true,
    standing: true,
    purpose: 'TREAT',
    durationSeconds: 600,
  });
  await patient.resume(await patient.pause(standing));
  const ctx = createContext({ ...people.patient, ...replaying(people.patient) });
  const cell = await putCellAlone(ctx, { folder: newId<FolderId>(), name: 'Later', category: 'other' });
  await patient.carryOver(cell.payload.folder);
  await recipient.withdraw(await when.asks({ patient, recipient, folder: folder.id }));
  await patient.revoke(grant);
  const [unneeded] = await patient.grant(terms);
  await recipient.giveBack(await recipient.grant(unneeded.id));
  await patient.settle();
  await patient.deleteRecord(records[0]!);
}, 1_200_000);

/** These members differ in each answer: download URLs, capsule fragments with their proofs, and the signature. */
const NEW_IN_EACH_ANSWER: readonly string[] = ['download', 'cfrags', 'signed'];
const comparable = ({ status, body }: Answered): unknown => {
  const { requestId, ...rest } = JSON.parse(body) as Record<string, unknown>;
  const text = JSON.stringify(rest, (name, value: unknown) => (NEW_IN_EACH_ANSWER.includes(name) ? 'omitted' : value));
  return { status, text, refused: requestId !== undefined };
};
const codeOf = ({ status, body }: Answered): string =>
  status < 300 ? 'ok' : (JSON.parse(body) as { code: string }).code;

const MUTATIONS = (Object.keys(ROUTES) as RouteName[]).filter((r) => ROUTES[r].access === 'mutation');

test('no connection threw, so the SDK repeated nothing by itself', () => expect(thrown).toEqual([]));

test('the run contains every mutation, and each first call succeeds', () => {
  expect(new Set(captured.map((c) => c.route))).toEqual(new Set(MUTATIONS));
  expect(captured.map((c) => [c.route, codeOf(c.first)])).toEqual(captured.map((c) => [c.route, 'ok']));
});

test('each first call changes the stored items, so the comparison can detect an effect', () => {
  for (const { route, prior, before } of captured) expect([route, before.items]).not.toEqual([route, prior.items]);
  const { blobs } = captured.at(-1)!.after;
  // An empty object keeps the place of the deleted blob.
  expect(blobs.map((b) => b.endsWith(' empty')).sort()).toEqual([false, true]);
});

describe.each(MUTATIONS)('%s, repeated at once', (route) => {
  const each = (check: (c: Captured) => void): void => captured.filter((c) => c.route === route).forEach(check);

  test('changes no stored item and no blob', () => each(({ before, after }) => expect(after).toEqual(before)));
  test('gets the same answer or `replayed` when sent byte for byte', () =>
    each(({ first, again }) => {
      if (codeOf(again) !== 'replayed') expect(comparable(again)).toEqual(comparable(first));
    }));
  test('gets the same answer when newly signed', () =>
    each(({ first, newlySigned }) => expect(comparable(newlySigned)).toEqual(comparable(first))));
});

/** Repeats all mutations in order. For each, it sets the service's clock to the time of the first sending plus `later` ms. Returns the error codes. */
const repeatAll = async (later: number, how: (c: Captured) => Promise<Sent>): Promise<readonly string[]> => {
  const codes: string[] = [];
  for (const c of captured) {
    now = c.at + later;
    codes.push(codeOf(await send(await how(c))));
  }
  return codes;
};

describe('all mutations repeated after the run', () => {
  test.each([
    ['byte for byte', 0, (c: Captured) => Promise.resolve(c)],
    ['byte for byte, after a minute', MINUTE, (c: Captured) => Promise.resolve(c)],
    ['newly signed', 0, (c: Captured) => signedBy(c.signer.keys, c)],
    ['newly signed, after a quarter of an hour', 15 * MINUTE, (c: Captured) => signedBy(c.signer.keys, c)],
  ] as const)('%s: changes nothing', async (_, later, how) => {
    const before = await stored();
    const codes = await repeatAll(later, how);
    expect(await stored()).toEqual(before);
    for (const code of codes) expect(EXPECTED_CODES).toContain(code);
  });

  test('byte for byte, after five minutes: refused with clock-skew', async () => {
    const before = await stored();
    const codes = await repeatAll(5 * MINUTE, (c) => Promise.resolve(c));
    expect(await stored()).toEqual(before);
    expect(new Set(codes)).toEqual(new Set(['clock-skew']));
  });
});

/** Codes that a repeated call may get after the state has changed. */
const EXPECTED_CODES: readonly string[] = [
  'ok',
  'replayed',
  'statement-outdated',
  'statement-invalid',
  'version-conflict',
  'already-exists',
  'cell-closed',
  'grant-ended',
  'not-found',
];

describe("somebody else's statements", () => {
  test.each(['patient', 'recipient', 'stranger'] as const)(
    'every one is refused when the %s sends it',
    async (name) => {
      const sender = people[name];
      const before = await stored();
      const others = captured.filter((c) => c.signer !== sender);
      for (const c of others) {
        const answer = await send(await signedBy(sender.keys, c));
        expect([c.route, answer.status >= 400 && answer.status < 500]).toEqual([c.route, true]);
      }
      expect(await stored()).toEqual(before);
    },
  );
});
