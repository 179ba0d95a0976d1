// Every mutation of a whole story is sent again: byte for byte at once, a minute and three minutes later, and newly signed. Nothing has a
// second effect: the items, the trail, the counters and the blobs are the same before and after.
import { beforeAll, describe, expect, test } from '@jest/globals';
import { ROUTES, type RouteName } from '../../../lib/api/routes.ts';
import { utf8 } from '../../../lib/bytes/codec.ts';
import { MINUTE } from '../../../lib/domain/time.ts';
import type { DeviceKeys } from '../../../lib/identity/key-derivation.ts';
import { newId, type FolderId } from '../../../lib/bytes/ids.ts';
import { createContext } from '../../../lib/client/session/context.ts';
import { putCell, signCell } from '../../../lib/client/access/create-cell.ts';
import { signRequest } from '../../../lib/identity/http-signature.ts';
import { bytesOf, newPerson, patientOf, recipientOf, when, type Person } from '../flows/people.ts';
import { makeService, routeOf } from '../../support/in-process.ts';
import { blobsOf, itemsOf, keepIn, type Clients } from '../stored-items.ts';

interface Answered {
  readonly status: number;
  readonly body: string;
}
/** A mutation as it travelled, and what came of it and of its first repetitions. */
interface Captured {
  readonly route: RouteName;
  readonly signer: Person;
  readonly url: string;
  readonly headers: Readonly<Record<string, string>>;
  readonly body: string;
  /** When it was sent, ms. */
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

const clients: Clients = {};
let ahead = 0;
const clock = (): number => Date.now() + ahead;
const service = makeService({ env: process.env, clock, onClient: keepIn(clients) });

/** All ids that any call has named. */
const ids = new Set<string>();
const IDS = /ehr1[a-z0-9]{58}|(?<![A-Za-z0-9_-])[a-z2-7]{26}(?![A-Za-z0-9_-])/g;
const note = (url: string, body: string): void => {
  const payloads = body.split('.').map((part) => Buffer.from(part, 'base64url').toString('latin1'));
  for (const text of [url, body, ...payloads]) for (const [id] of text.matchAll(IDS)) ids.add(id);
};

const stored = async (): Promise<Stored> => {
  const [items, blobs] = await Promise.all([itemsOf(clients, ids), blobsOf(ids)]);
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

/** The connection of a person whose mutations are repeated while the story runs. */
const watched = (signer: Person) => ({
  origin: service.origin,
  clock,
  fetch: (async (input, init) => {
    const url = input instanceof Request ? input.url : String(input);
    if (!url.startsWith(service.origin)) return service.fetch(input, init);
    const request = new Request(input, init);
    const route = routeOf(request.method, new URL(url).pathname)!;
    const body = await request.clone().text();
    note(request.url, body);
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
  }) satisfies typeof fetch,
});

const people = { patient: newPerson(), recipient: newPerson(), stranger: newPerson() };

beforeAll(async () => {
  for (const { keys } of Object.values(people)) ids.add(keys.id);
  const [patient, recipient, stranger] = [
    patientOf(people.patient, watched(people.patient)),
    recipientOf(people.recipient, watched(people.recipient)),
    patientOf(people.stranger, watched(people.stranger)),
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
  const gift = { recipient: recipient.id, folders: [folder.id], purpose: 'TREAT', durationSeconds: 600 } as const;
  await patient.grant({ ...gift, openings: 5 });
  const [standing] = await patient.grant({
    recipient: recipient.id,
    everything: true,
    standing: true,
    purpose: 'TREAT',
    durationSeconds: 600,
  });
  await patient.resume(await patient.pause(standing));
  const ctx = createContext({ ...people.patient, ...watched(people.patient) });
  const cell = await signCell(ctx, { folder: newId<FolderId>(), name: 'Later', category: 'other' });
  await putCell(ctx, cell, [], {});
  await patient.carryOver(cell.payload.folder);
  await recipient.withdraw(await when.asks({ patient, recipient, folder: folder.id }));
  await patient.revoke(grant);
  const [unneeded] = await patient.grant(gift);
  await recipient.giveBack(await recipient.grant(unneeded.id));
  await patient.settle();
  await patient.deleteRecord(records[0]!);
}, 300_000);

/** Download links, the proofs in capsule fragments and the signature over these are made anew for each answer; nothing else is. */
const ANEW: readonly string[] = ['download', 'cfrags', 'signed'];
const lasting = ({ status, body }: Answered): unknown => {
  const { requestId, ...rest } = JSON.parse(body) as Record<string, unknown>;
  const text = JSON.stringify(rest, (name, value: unknown) => (ANEW.includes(name) ? 'made anew' : value));
  return { status, text, refused: requestId !== undefined };
};
const codeOf = ({ status, body }: Answered): string =>
  status < 300 ? 'ok' : (JSON.parse(body) as { code: string }).code;

const MUTATIONS = (Object.keys(ROUTES) as RouteName[]).filter((r) => ROUTES[r].access === 'mutation');

test('the story has every mutation, and every one of them is let in', () => {
  expect(new Set(captured.map((c) => c.route))).toEqual(new Set(MUTATIONS));
  expect(captured.map((c) => [c.route, codeOf(c.first)])).toEqual(captured.map((c) => [c.route, 'ok']));
});

test('each had its effect once, and this shows in what is compared', () => {
  for (const { route, prior, before } of captured) expect([route, before.items]).not.toEqual([route, prior.items]);
  const { blobs } = captured.at(-1)!.after;
  expect(blobs).toHaveLength(1);
});

describe.each(MUTATIONS)('%s, sent again at once', (route) => {
  const each = (check: (c: Captured) => void): void => captured.filter((c) => c.route === route).forEach(check);

  test('changes nothing', () => each(({ before, after }) => expect(after).toEqual(before)));
  test('byte for byte, is answered as before or as replayed', () =>
    each(({ first, again }) => {
      if (codeOf(again) !== 'replayed') expect(lasting(again)).toEqual(lasting(first));
    }));
  test('newly signed, is answered as before', () =>
    each(({ first, newlySigned }) => expect(lasting(newlySigned)).toEqual(lasting(first))));
});

/** All of the story again, one after the other, each call so long after it was first sent, however long the story took; what became of each. */
const repeatAll = async (later: number, how: (c: Captured) => Promise<Sent>): Promise<readonly string[]> => {
  const codes: string[] = [];
  for (const c of captured) {
    ahead = c.at + later - Date.now();
    codes.push(codeOf(await send(await how(c))));
  }
  ahead = 0;
  return codes;
};

describe('the whole story again, after its end', () => {
  test.each([
    ['byte for byte', 0, (c: Captured) => Promise.resolve(c)],
    ['byte for byte, after a minute', MINUTE, (c: Captured) => Promise.resolve(c)],
    ['newly signed', 0, (c: Captured) => signedBy(c.signer.keys, c)],
    ['newly signed, after a quarter of an hour', 15 * MINUTE, (c: Captured) => signedBy(c.signer.keys, c)],
  ] as const)('%s, changes nothing', async (_, later, how) => {
    const before = await stored();
    const codes = await repeatAll(later, how);
    expect(await stored()).toEqual(before);
    for (const code of codes) expect(ENDINGS).toContain(code);
  });

  test('byte for byte, after five minutes, is out of time', async () => {
    const before = await stored();
    const codes = await repeatAll(5 * MINUTE, (c) => Promise.resolve(c));
    expect(await stored()).toEqual(before);
    expect(new Set(codes)).toEqual(new Set(['clock-skew']));
  });
});

/** Refusals of what the story went past. */
const ENDINGS: readonly string[] = [
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

describe('what one signed, sent by another', () => {
  test.each(['patient', 'recipient', 'stranger'] as const)('by the %s, is let in nowhere', async (name) => {
    const sender = people[name];
    const before = await stored();
    const others = captured.filter((c) => c.signer !== sender);
    for (const c of others) {
      const answer = await send(await signedBy(sender.keys, c));
      expect([c.route, answer.status >= 400 && answer.status < 500]).toEqual([c.route, true]);
    }
    expect(await stored()).toEqual(before);
  });
});
