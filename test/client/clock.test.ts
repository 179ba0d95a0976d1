// Clients with a wrong clock, against the whole service in memory, honest and lying: what works, what is refused, and what nobody may choose.
import { describe, expect, test } from '@jest/globals';
import { p256 } from '@noble/curves/nist.js';
import { ServiceError } from '../../lib/client/session/errors.ts';
import {
  ClockError,
  createPatient,
  createRecipient,
  MOST_CORRECTION,
  type ClientOptions,
  type ConfirmClock,
} from '../../lib/client/index.ts';
import { toBase64url, utf8 } from '../../lib/bytes/codec.ts';
import type { RouteName } from '../../lib/api/routes.ts';
import { DAY, HOUR, MINUTE, SECOND } from '../../lib/domain/time.ts';
import { signAsService } from '../../lib/statements/service-statements.ts';
import { memoryService, ORIGIN } from '../support/memory-service.ts';
import { json, problem } from './prepared-answers.ts';
import { readAll } from './main-job-story.ts';
import { KEYS, refusal } from './clients.ts';

const NOW = 1_767_225_600_000;
const YEAR = 365 * DAY;
const TEXT = utf8('Hb 13.4 g/dL');

const distance = (a: number, b: number): number => Math.abs(a - b);

type Lie = (route: RouteName, url: URL) => Response | undefined;

/** The right time is `at.now`; `at.lie` answers in the service's place. */
const newWorld = () => {
  const at = { now: NOW, lie: (() => undefined) as Lie };
  const service = memoryService({ clock: () => at.now, instead: (route, url) => at.lie(route, url) });
  const optionsOf = (who: keyof typeof KEYS, off: number, more: Partial<ClientOptions> = {}): ClientOptions => ({
    origin: ORIGIN,
    keys: KEYS[who],
    next: toBase64url(new Uint8Array(32).fill(9)),
    fetch: service.fetch,
    clock: () => at.now + off,
    sleep: () => Promise.resolve(),
    ...more,
  });
  return {
    at,
    ...service,
    patient: (off = 0, more?: Partial<ClientOptions>) => createPatient(optionsOf('patient', off, more)),
    clinician: (off = 0, more?: Partial<ClientOptions>) => createRecipient(optionsOf('clinician', off, more)),
  };
};

/** Both are registered, with right clocks; the patient has a folder with a record. */
const clinic = async () => {
  const world = newWorld();
  const [patient, clinician] = [world.patient(), world.clinician()];
  await patient.register();
  await clinician.register();
  const folder = await patient.createFolder({ name: 'Blood', category: 'laboratory' });
  const record = await patient.file(folder.id, TEXT, { fileName: 'blood.txt' });
  const gift = { recipient: clinician.id, folders: [folder.id], purpose: 'TREAT', durationSeconds: 3600 } as const;
  return {
    world,
    at: world.at,
    owner: patient,
    ids: { patient: patient.id, clinician: clinician.id },
    folder,
    record,
    gift,
  };
};

const wrongClocks = [
  ['60.5 s ahead, which its requests do not show', 60_500],
  ['62 s ahead', 62 * SECOND],
  ['4 minutes ahead', 4 * MINUTE],
  ['15 minutes ahead', 15 * MINUTE],
  ['26 hours ahead', MOST_CORRECTION],
  ['100 s behind, which its requests do not show', -100 * SECOND],
  ['12 minutes behind', -12 * MINUTE],
  ['25 hours behind', -25 * HOUR],
] as const;

describe.each(wrongClocks)('a client %s', (_, off) => {
  /** A clock that the service takes is not corrected before a grant. */
  const allowed = off > 61 * SECOND || off < -120 * SECOND ? 0 : Math.abs(off);

  test('opens what it was granted', async () => {
    const { world, owner, gift, ids, record } = await clinic();
    const [{ id }] = await owner.grant(gift);
    const clinician = world.clinician(off);
    const [opened] = await clinician.open(await clinician.grant(id, ids.patient), [record]);
    expect(await readAll(opened!.stream())).toEqual(TEXT);
  });

  test('opens its own records, also as the first thing it does', async () => {
    const { world, record } = await clinic();
    const [opened] = await world.patient(off).open([record]);
    expect(await readAll(opened!.stream())).toEqual(TEXT);
  });

  test('approves: the grant gives at once, for as long as was asked', async () => {
    const { world, at, folder, ids, record, gift } = await clinic();
    const clinician = world.clinician();
    const asked = await clinician.request({ ...gift, patient: ids.patient });
    const patient = world.patient(off);
    const [given] = await patient.approve(asked, { unverifiedRecipient: true });
    expect(given).toMatchObject({ state: 'active', expires: at.now + gift.durationSeconds * SECOND });
    const grant = await clinician.grant(given.id, ids.patient);
    expect(await clinician.open(grant, await clinician.listRecords(grant, folder.id))).toHaveLength(1);
    expect(record.created).toBe(at.now);
  });

  test('files, with the time that it was', async () => {
    const { world, at, folder } = await clinic();
    expect(distance((await world.patient(off).file(folder.id, TEXT, {})).created, at.now)).toBeLessThanOrEqual(allowed);
  });

  test('files under a grant to add that has a minute left', async () => {
    const { world, at, owner, gift, ids } = await clinic();
    const [{ id }] = await owner.grant({ ...gift, right: 'add', durationSeconds: 60 });
    const clinician = world.clinician(off);
    const filed = await clinician.file(await clinician.grant(id, ids.patient), TEXT, {});
    expect(distance(filed.created, at.now)).toBeLessThanOrEqual(allowed);
  });

  test('asks with the longest and the shortest wait', async () => {
    const { world, at, gift, ids } = await clinic();
    for (const waitSeconds of [90 * 86_400, 1]) {
      const asked = await world.clinician(off).request({ ...gift, patient: ids.patient, waitSeconds });
      expect(distance(asked.until, at.now + waitSeconds * SECOND)).toBeLessThanOrEqual(allowed);
    }
  });

  test('ends what it gave, as the first thing it does, with the time that it was', async () => {
    const { world, at, owner, gift } = await clinic();
    const [grant] = await owner.grant(gift);
    const patient = world.patient(off);
    await patient.revoke(grant);
    const { evidence } = (await patient.audit()).find((e) => e.kind === 'grant-revoked')!;
    expect(JSON.parse(atob(evidence!.split('.')[1]!))).toMatchObject({ when: at.now });
  });

  test('knows by how much it is off, and has it signed', async () => {
    const { world, at, gift } = await clinic();
    const patient = world.patient(off);
    await patient.grant(gift);
    expect(patient.clock()).toMatchObject({ offset: -off, deviceTime: at.now + off, serviceTime: at.now });
    expect(patient.clock()!.signed).toEqual({ key: expect.any(String), answer: expect.any(String) });
  });
});

test('a patient that is ahead by less than requests show gives a grant that gives at once', async () => {
  const { world, gift } = await clinic();
  for (const off of [1, 50 * SECOND, -50 * SECOND])
    expect(await world.patient(off).grant(gift)).toMatchObject([{ state: 'active' }]);
});

test('a device whose clock is set right meanwhile is believed again', async () => {
  const { world, at, gift } = await clinic();
  let off = 25 * HOUR;
  const patient = world.patient(0, { clock: () => at.now + off });
  await patient.grant(gift);
  off = 0;
  const [{ expires }] = await patient.grant(gift);
  expect(expires).toBe(at.now + gift.durationSeconds * SECOND);
  expect(patient.clock()).toMatchObject({ offset: 0 });
});

test('a client with a right clock asks for the time only before it grants', async () => {
  const { world, owner, gift, record } = await clinic();
  expect(world.calls).not.toContain('get-time');
  const [grant] = await owner.grant(gift);
  expect(world.calls.filter((c) => c === 'get-time')).toHaveLength(1);
  await owner.open([record]);
  await owner.revoke(grant);
  expect(world.calls.filter((c) => c === 'get-time')).toHaveLength(1);
});

test('calls that find out at the same time read the clock once', async () => {
  const { world } = await clinic();
  const patient = world.patient(HOUR);
  await Promise.all([patient.listFolders(), patient.listRequests(), patient.listGrants()]);
  expect(world.calls.filter((c) => c === 'get-time')).toHaveLength(1);
});

test('an aborted call does not wait for the clock', async () => {
  const { world, at } = await clinic();
  const stop = new AbortController();
  const reason = new Error('enough');
  at.lie = (route) => {
    if (route === 'get-time') stop.abort(reason);
    return undefined;
  };
  await expect(world.patient(HOUR).listFolders({ signal: stop.signal })).rejects.toBe(reason);
});

describe('further off than is corrected unasked', () => {
  test.each([
    ['ahead', 5 * YEAR, '1825 days, 0 hours and 0 minutes ahead of'],
    ['behind', -(MOST_CORRECTION + 90 * SECOND), '1 days, 2 hours and 1 minutes behind'],
  ])('%s: refused with how far, and nothing was signed', async (_, off, said) => {
    const { world, at, gift } = await clinic();
    const trail = world.memory.state.chains.get(KEYS.patient.id)!.length;
    const error = await world
      .patient(off)
      .grant(gift)
      .catch((e: unknown) => e);
    expect(error).toBeInstanceOf(ClockError);
    expect(error).toMatchObject({ code: 'wrong-clock', reading: { offset: -off, serviceTime: at.now } });
    expect((error as Error).message).toContain(said);
    expect(world.memory.state.chains.get(KEYS.patient.id)).toHaveLength(trail);
  });

  test('a user who confirms the service’s time works, is asked once, and sees both times', async () => {
    const { world, at, gift, folder } = await clinic();
    const asked: unknown[] = [];
    const confirmClock: ConfirmClock = (reading) => {
      asked.push([reading.deviceTime, reading.serviceTime]);
      return true;
    };
    const patient = world.patient(-5 * YEAR, { confirmClock });
    const [grant] = await patient.grant(gift);
    expect(grant).toMatchObject({ state: 'active', expires: at.now + gift.durationSeconds * SECOND });
    expect((await patient.file(folder.id, TEXT, {})).created).toBe(at.now);
    await patient.grant(gift);
    expect(asked).toEqual([[at.now - 5 * YEAR, at.now]]);
  });

  test.each([false, undefined, 1, 'yes'])('%p is no confirmation', async (answer) => {
    const { world, gift } = await clinic();
    const confirmClock = (() => answer) as unknown as ConfirmClock;
    expect(await refusal(() => world.patient(5 * YEAR, { confirmClock }).grant(gift))).toBe('wrong-clock');
  });

  test.each([
    ['the device’s own clock', 0],
    ['what was confirmed', -5 * YEAR],
  ])('the bound is counted from %s, not from the last correction', async (_, off) => {
    const { world, at, gift } = await clinic();
    const start = at.now;
    let asked = 0;
    const confirmClock: ConfirmClock = () => (asked += 1) === 1 && off !== 0;
    const patient = world.patient(0, { clock: () => start + off, confirmClock });
    for (const moved of [0, MOST_CORRECTION - SECOND, MOST_CORRECTION]) {
      at.now = start + moved;
      await patient.grant(gift);
    }
    at.now = start + MOST_CORRECTION + SECOND;
    expect(await refusal(() => patient.grant(gift))).toBe('wrong-clock');
    expect(asked).toBe(off === 0 ? 1 : 2);
  });

  test('a device that is set right after its user confirmed asks no more', async () => {
    const { world, at, gift } = await clinic();
    let [off, asked] = [-5 * YEAR, 0];
    const confirmClock: ConfirmClock = () => (asked += 1) === 1;
    const patient = world.patient(0, { clock: () => at.now + off, confirmClock });
    await patient.grant(gift);
    off = 0;
    await patient.grant(gift);
    expect(patient.clock()).toMatchObject({ offset: 0 });
    off = -5 * YEAR;
    expect(await refusal(() => patient.grant(gift))).toBe('wrong-clock');
  });
});

describe('a service that lies about the time', () => {
  /** The key of the service in memory, by which it signs what it likes. */
  const SECRET = new Uint8Array(32).fill(7);
  const keyOf = (secret: Uint8Array) => ({
    key: toBase64url(p256.getPublicKey(secret, true)),
    sign: (input: Uint8Array) => Promise.resolve(p256.sign(input, secret)),
  });
  const [service, copy] = [keyOf(SECRET), keyOf(new Uint8Array(32).fill(8))];

  interface Claim {
    readonly when?: number;
    readonly nonce?: string;
    readonly from?: number;
    readonly until?: number;
    readonly by?: typeof service;
    readonly keyBy?: typeof service;
  }
  const timeOf = async (url: URL, claim: Claim) => {
    const { when = NOW, nonce = url.searchParams.get('nonce')!, by = copy, keyBy = service } = claim;
    const certificate = { key: copy.key, from: claim.from ?? when, until: claim.until ?? when };
    return {
      key: await signAsService('proxy-key', certificate, keyBy),
      answer: await signAsService('time', { nonce, when }, by),
    };
  };
  /** `fetch` that asks the honest service for everything but the time. */
  const telling =
    (inner: typeof fetch, claim: (url: URL) => unknown): typeof fetch =>
    async (input, init) => {
      const url = new URL(input instanceof Request ? input.url : input);
      return url.pathname === '/v1/time' ? json(200, await claim(url)) : inner(input, init);
    };

  test('its signed time is gone by within the bound, and the client can show what it signed', async () => {
    const { world, at, gift } = await clinic();
    const fetch = telling(world.fetch, (url) => timeOf(url, { when: at.now - MOST_CORRECTION }));
    const patient = world.patient(0, { fetch });
    await refusal(() => patient.grant(gift));
    expect(patient.clock()).toMatchObject({ offset: -MOST_CORRECTION });
  });

  test.each([
    ['a second beyond the bound', NOW + MOST_CORRECTION + 1],
    ['five years ahead', NOW + 5 * YEAR],
    ['1970', 0],
    ['the last instant that there is', 9_999_999_999_999],
  ])('its signed time is refused: %s', async (_, when) => {
    const { world, gift } = await clinic();
    const patient = world.patient(0, { fetch: telling(world.fetch, (url) => timeOf(url, { when })) });
    expect(await refusal(() => patient.grant(gift))).toBe('wrong-clock');
    expect(patient.clock()).toBeUndefined();
    expect(await refusal(() => patient.listFolders())).toBe('accepted');
  });

  test.each([
    ['by another key than the service’s', { keyBy: copy }],
    ['by the service, but not by the copy', { by: service }],
    ['an old answer', { nonce: toBase64url(new Uint8Array(16)) }],
    ['before the copy’s key counts', { from: NOW + 1, until: NOW + 2 }],
    ['after the copy’s key counted', { from: NOW - 2, until: NOW - 1 }],
  ] satisfies [string, Claim][])('signed wrongly: %s', async (_, claim) => {
    const { world, gift } = await clinic();
    const patient = world.patient(HOUR, { fetch: telling(world.fetch, (url) => timeOf(url, claim)) });
    expect(await refusal(() => patient.grant(gift))).toBe('unverified time');
  });

  test.each([
    ['a number', { time: 5 }],
    ['no signature', { key: 'a.b.c', answer: 'a.b.c' }],
    ['nothing', {}],
    ['null', null],
  ])('%s instead of a signed time changes no clock', async (_, answer) => {
    const { world, at, gift, folder } = await clinic();
    const patient = world.patient(0, { fetch: telling(world.fetch, () => answer) });
    const said = await refusal(() => patient.grant(gift));
    expect(['accepted', 'unverified time']).toContain(said);
    expect(patient.clock()).toBeUndefined();
    expect((await patient.file(folder.id, TEXT, {})).created).toBe(at.now);
  });

  test('an answer of the time of an opening, or of the service’s own key, is no time', async () => {
    const { world, gift } = await clinic();
    const fetch = telling(world.fetch, async (url) => {
      const { key } = await timeOf(url, {});
      return { key, answer: key };
    });
    expect(await refusal(() => world.patient(0, { fetch }).grant(gift))).toBe('unverified time');
  });

  test.each([
    ['took longer than a minute', MINUTE + 1],
    ['came before it was asked for, because the clock was set back', -1],
  ])('a time that %s does not correct the clock', async (_, change) => {
    const { world, at, gift } = await clinic();
    let late = 0;
    const fetch = telling(world.fetch, async (url) => {
      const answer = await timeOf(url, {});
      late += change;
      return answer;
    });
    const patient = world.patient(0, { fetch, clock: () => at.now + late });
    await refusal(() => patient.grant(gift));
    expect(patient.clock()).toBeUndefined();
  });

  test.each([NOW + 5 * YEAR, 1e300, 1e21, -1e300, -1, Number.MAX_SAFE_INTEGER, 'tomorrow', '', null, {}, [], true])(
    'the unsigned time %p in a refusal moves no clock and breaks nothing',
    async (serverTime) => {
      const { world, at, folder } = await clinic();
      const patient = world.patient();
      let lies = 1;
      at.lie = (route) =>
        route === 'list-folders' && lies-- > 0
          ? problem(401, 'clock-skew', { serverTime, clock: serverTime })
          : undefined;
      expect(await patient.listFolders()).toHaveLength(1);
      expect(patient.clock()).toMatchObject({ offset: 0 });
      expect((await patient.file(folder.id, TEXT, {})).created).toBe(at.now);
    },
  );

  test.each(['1e999', '-1e999', 'NaN', '"x"', '5e-324'])('nor does %s as JSON has it, or has it not', async (text) => {
    const { world, at, folder } = await clinic();
    const patient = world.patient();
    let lies = 1;
    const body = `{"code":"clock-skew","serverTime":${text}}`;
    at.lie = (route) => (route === 'list-folders' && lies-- > 0 ? new Response(body, { status: 401 }) : undefined);
    await refusal(() => patient.listFolders());
    expect(await patient.listFolders()).toHaveLength(1);
    expect((await patient.file(folder.id, TEXT, {})).created).toBe(at.now);
  });

  test('clock-skew again and again ends the call, and the clock stays', async () => {
    const { world, at } = await clinic();
    const patient = world.patient();
    at.lie = (route) => (route === 'list-folders' ? problem(401, 'clock-skew', { serverTime: 5 }) : undefined);
    const error = await patient.listFolders().catch((e: unknown) => e);
    expect(error).toBeInstanceOf(ServiceError);
    expect(error).toMatchObject({ code: 'clock-skew', details: { serverTime: 5 } });
    expect(world.calls.filter((c) => c === 'list-folders').length).toBe(2);
    expect(patient.clock()).toMatchObject({ offset: 0 });
  });

  test('an opening whose time it refuses for ever is sent twice', async () => {
    const { world, at, record } = await clinic();
    const before = world.calls.length;
    at.lie = (route) =>
      route === 'recapsulate'
        ? problem(422, 'statement-invalid', { member: 'when', clock: 'ahead', serverTime: 5 })
        : undefined;
    const error = await world
      .patient()
      .open([record])
      .catch((e: unknown) => e);
    expect(error).toMatchObject({ code: 'statement-invalid', details: { clock: 'ahead', serverTime: 5 } });
    expect(world.calls.slice(before).filter((c) => c === 'recapsulate')).toHaveLength(2);
  });

  test('it cannot let a grant last that is over by the device’s own clock', async () => {
    const { world, at, owner, gift, folder } = await clinic();
    const [grant] = await owner.grant(gift);
    // The grant ended; the service tells an earlier time, and lists the grant as one that goes on.
    const right = at.now + 2 * HOUR;
    const patient = world.patient(0, { clock: () => right });
    const started = await patient.startEpoch(folder.id);
    expect(started.epoch).toBe(2);
    expect((await owner.getGrant(grant.id)).cells.map((c) => c.epoch)).toEqual([1]);
  });
});
