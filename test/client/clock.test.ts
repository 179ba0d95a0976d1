// Tests clients with a wrong clock at an honest and at a lying service: which calls work, which are refused, and which times a service cannot impose.
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

/** Sets up the service. `at.now` is the correct time. If `at.lie` returns an answer, it replaces that of the service. */
const setUp = () => {
  const at = { now: NOW, lie: (() => undefined) as Lie };
  const service = memoryService({ clock: () => at.now, instead: (route, url) => at.lie(route, url) });
  const optionsOf = (who: keyof typeof KEYS, off: number, more: Partial<ClientOptions> = {}): ClientOptions => ({
    origin: ORIGIN,
    storageOrigins: ['https://blobs.test'],
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

/** Registers a patient and a clinician with correct clocks. The patient has a folder with a record. */
const clinic = async () => {
  const system = setUp();
  const [patient, clinician] = [system.patient(), system.clinician()];
  await patient.register();
  await clinician.register();
  const folder = await patient.createFolder({ name: 'Blood', category: 'laboratory' });
  const record = await patient.file(folder.id, TEXT, { fileName: 'blood.txt' });
  const grantInput = {
    recipient: clinician.id,
    folders: [folder.id],
    purpose: 'TREAT',
    durationSeconds: 3600,
  } as const;
  return {
    system,
    at: system.at,
    owner: patient,
    ids: { patient: patient.id, clinician: clinician.id },
    folder,
    record,
    grantInput,
  };
};

const wrongClocks = [
  ['60.5 s ahead, which the service accepts in request signatures', 60_500],
  ['62 s ahead', 62 * SECOND],
  ['4 minutes ahead', 4 * MINUTE],
  ['15 minutes ahead', 15 * MINUTE],
  ['26 hours ahead', MOST_CORRECTION],
  ['100 s behind, which the service accepts in request signatures', -100 * SECOND],
  ['12 minutes behind', -12 * MINUTE],
  ['25 hours behind', -25 * HOUR],
] as const;

describe.each(wrongClocks)('a client %s', (_, off) => {
  /**
   * The largest error of a date that the client signs, milliseconds. The client corrects its clock if the service refuses the clock, and before a grant.
   * Otherwise the dates have the error of the clock.
   */
  const allowed = off > 61 * SECOND || off < -120 * SECOND ? 0 : Math.abs(off);

  test('opens records with its grant', async () => {
    const { system, owner, grantInput, ids, record } = await clinic();
    const [{ id }] = await owner.grant(grantInput);
    const clinician = system.clinician(off);
    const [opened] = await clinician.open(await clinician.grant(id, ids.patient), [record]);
    expect(await readAll(opened!.stream())).toEqual(TEXT);
  });

  test('opens its own records, also as its first call', async () => {
    const { system, record } = await clinic();
    const [opened] = await system.patient(off).open([record]);
    expect(await readAll(opened!.stream())).toEqual(TEXT);
  });

  test('approves a request: the grant is active at once, for the requested duration', async () => {
    const { system, at, folder, ids, record, grantInput } = await clinic();
    const clinician = system.clinician();
    const asked = await clinician.request({ ...grantInput, patient: ids.patient });
    const patient = system.patient(off);
    const [approved] = await patient.approve(asked, { unverifiedRecipient: true });
    expect(approved).toMatchObject({ state: 'active', expires: at.now + grantInput.durationSeconds * SECOND });
    const grant = await clinician.grant(approved.id, ids.patient);
    expect(await clinician.open(grant, await clinician.listRecords(grant, folder.id))).toHaveLength(1);
    expect(record.created).toBe(at.now);
  });

  test('files a record that is dated by the correct time', async () => {
    const { system, at, folder } = await clinic();
    expect(distance((await system.patient(off).file(folder.id, TEXT, {})).created, at.now)).toBeLessThanOrEqual(
      allowed,
    );
  });

  test('files a record with a grant to add that has a minute left', async () => {
    const { system, at, owner, grantInput, ids } = await clinic();
    const [{ id }] = await owner.grant({ ...grantInput, right: 'add', durationSeconds: 60 });
    const clinician = system.clinician(off);
    const filed = await clinician.file(await clinician.grant(id, ids.patient), TEXT, {});
    expect(distance(filed.created, at.now)).toBeLessThanOrEqual(allowed);
  });

  test('requests access with the longest and the shortest wait', async () => {
    const { system, at, grantInput, ids } = await clinic();
    for (const waitSeconds of [90 * 86_400, 1]) {
      const asked = await system.clinician(off).request({ ...grantInput, patient: ids.patient, waitSeconds });
      expect(distance(asked.until, at.now + waitSeconds * SECOND)).toBeLessThanOrEqual(allowed);
    }
  });

  test('revokes a grant as its first call, dated by the correct time', async () => {
    const { system, at, owner, grantInput } = await clinic();
    const [grant] = await owner.grant(grantInput);
    const patient = system.patient(off);
    await patient.revoke(grant);
    const { evidence } = (await patient.audit()).find((e) => e.kind === 'grant-revoked')!;
    expect(JSON.parse(atob(evidence!.split('.')[1]!))).toMatchObject({ when: at.now });
  });

  test('returns the offset of its clock, and the signed time that proves it', async () => {
    const { system, at, grantInput } = await clinic();
    const patient = system.patient(off);
    await patient.grant(grantInput);
    expect(patient.clock()).toMatchObject({ offset: -off, deviceTime: at.now + off, serviceTime: at.now });
    expect(patient.clock()!.signed).toEqual({ key: expect.any(String), answer: expect.any(String) });
  });
});

test('a patient whose clock is off by less than the service notices makes a grant that is active at once', async () => {
  const { system, grantInput } = await clinic();
  for (const off of [1, 50 * SECOND, -50 * SECOND])
    expect(await system.patient(off).grant(grantInput)).toMatchObject([{ state: 'active' }]);
});

test("uses the device's clock again after it was set right", async () => {
  const { system, at, grantInput } = await clinic();
  let off = 25 * HOUR;
  const patient = system.patient(0, { clock: () => at.now + off });
  await patient.grant(grantInput);
  off = 0;
  const [{ expires }] = await patient.grant(grantInput);
  expect(expires).toBe(at.now + grantInput.durationSeconds * SECOND);
  expect(patient.clock()).toMatchObject({ offset: 0 });
});

test("dates a statement by the device's clock after it was set right, although the service does not compare its time", async () => {
  const { system, at, grantInput } = await clinic();
  let off = 25 * HOUR;
  const patient = system.patient(0, { clock: () => at.now + off });
  const [grant] = await patient.grant(grantInput);
  off = 0;
  await patient.revoke(grant);
  const { evidence } = (await patient.audit()).find((e) => e.kind === 'grant-revoked')!;
  expect(JSON.parse(atob(evidence!.split('.')[1]!))).toMatchObject({ when: at.now });
});

test('a client with a correct clock asks for the time only before it grants', async () => {
  const { system, owner, grantInput, record } = await clinic();
  expect(system.calls).not.toContain('get-time');
  const [grant] = await owner.grant(grantInput);
  expect(system.calls.filter((c) => c === 'get-time')).toHaveLength(1);
  await owner.open([record]);
  await owner.revoke(grant);
  expect(system.calls.filter((c) => c === 'get-time')).toHaveLength(1);
});

test('parallel calls that find a wrong clock ask for the time once', async () => {
  const { system } = await clinic();
  const patient = system.patient(HOUR);
  await Promise.all([patient.listFolders(), patient.listRequests(), patient.listGrants()]);
  expect(system.calls.filter((c) => c === 'get-time')).toHaveLength(1);
});

test('an aborted call does not wait for the time', async () => {
  const { system, at } = await clinic();
  const stop = new AbortController();
  const reason = new Error('enough');
  at.lie = (route) => {
    if (route === 'get-time') stop.abort(reason);
    return undefined;
  };
  await expect(system.patient(HOUR).listFolders({ signal: stop.signal })).rejects.toBe(reason);
});

describe('a clock that is wrong by more than the client corrects without confirmation', () => {
  test.each([
    ['ahead', 5 * YEAR, '1825 days, 0 hours and 0 minutes ahead of'],
    ['behind', -(MOST_CORRECTION + 90 * SECOND), '1 day, 2 hours and 1 minute behind'],
  ])('%s: throws a ClockError with the difference, and signs nothing', async (_, off, said) => {
    const { system, at, grantInput } = await clinic();
    const trail = system.memory.state.chains.get(KEYS.patient.id)!.length;
    const error = await system
      .patient(off)
      .grant(grantInput)
      .catch((e: unknown) => e);
    expect(error).toBeInstanceOf(ClockError);
    expect(error).toMatchObject({ code: 'wrong-clock', reading: { offset: -off, serviceTime: at.now } });
    expect((error as Error).message).toContain(said);
    expect(system.memory.state.chains.get(KEYS.patient.id)).toHaveLength(trail);
  });

  test('the client asks the user once, with both times, and works after the user confirms', async () => {
    const { system, at, grantInput, folder } = await clinic();
    const asked: unknown[] = [];
    const confirmClock: ConfirmClock = (reading) => {
      asked.push([reading.deviceTime, reading.serviceTime]);
      return true;
    };
    const patient = system.patient(-5 * YEAR, { confirmClock });
    const [grant] = await patient.grant(grantInput);
    expect(grant).toMatchObject({ state: 'active', expires: at.now + grantInput.durationSeconds * SECOND });
    expect((await patient.file(folder.id, TEXT, {})).created).toBe(at.now);
    await patient.grant(grantInput);
    expect(asked).toEqual([[at.now - 5 * YEAR, at.now]]);
  });

  test.each([false, undefined, 1, 'yes'])('%p as the answer is no confirmation', async (answer) => {
    const { system, grantInput } = await clinic();
    const confirmClock = (() => answer) as unknown as ConfirmClock;
    expect(await refusal(() => system.patient(5 * YEAR, { confirmClock }).grant(grantInput))).toBe('wrong-clock');
  });

  test.each([
    ['the device’s own clock', 0],
    ['the confirmed time', -5 * YEAR],
  ])('the limit is counted from %s, not from the last correction', async (_, off) => {
    const { system, at, grantInput } = await clinic();
    const start = at.now;
    let asked = 0;
    const confirmClock: ConfirmClock = () => (asked += 1) === 1 && off !== 0;
    const patient = system.patient(0, { clock: () => start + off, confirmClock });
    for (const moved of [0, MOST_CORRECTION - SECOND, MOST_CORRECTION]) {
      at.now = start + moved;
      await patient.grant(grantInput);
    }
    at.now = start + MOST_CORRECTION + SECOND;
    expect(await refusal(() => patient.grant(grantInput))).toBe('wrong-clock');
    expect(asked).toBe(off === 0 ? 1 : 2);
  });

  test('a device that is set right after a confirmation needs no further confirmation', async () => {
    const { system, at, grantInput } = await clinic();
    let [off, asked] = [-5 * YEAR, 0];
    const confirmClock: ConfirmClock = () => (asked += 1) === 1;
    const patient = system.patient(0, { clock: () => at.now + off, confirmClock });
    await patient.grant(grantInput);
    off = 0;
    await patient.grant(grantInput);
    expect(patient.clock()).toMatchObject({ offset: 0 });
    off = -5 * YEAR;
    expect(await refusal(() => patient.grant(grantInput))).toBe('wrong-clock');
  });
});

describe('a service that lies about the time', () => {
  /** The private key of the service in memory, with which these tests sign false times. */
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
  /** Returns a `fetch` that answers `/v1/time` with the result of `claim`, and sends every other call to the honest service. */
  const withTime =
    (inner: typeof fetch, claim: (url: URL) => unknown): typeof fetch =>
    async (input, init) => {
      const url = new URL(input instanceof Request ? input.url : input);
      return url.pathname === '/v1/time' ? json(200, await claim(url)) : inner(input, init);
    };

  test('the client uses a signed time within the limit, and keeps the signature as proof', async () => {
    const { system, at, grantInput } = await clinic();
    const fetch = withTime(system.fetch, (url) => timeOf(url, { when: at.now - MOST_CORRECTION }));
    const patient = system.patient(0, { fetch });
    await refusal(() => patient.grant(grantInput));
    expect(patient.clock()).toMatchObject({ offset: -MOST_CORRECTION });
  });

  test.each([
    ['a second beyond the limit', NOW + MOST_CORRECTION + 1],
    ['five years ahead', NOW + 5 * YEAR],
    ['1970', 0],
    ['the last valid instant', 9_999_999_999_999],
  ])('the client refuses a signed time: %s', async (_, when) => {
    const { system, grantInput } = await clinic();
    const patient = system.patient(0, { fetch: withTime(system.fetch, (url) => timeOf(url, { when })) });
    expect(await refusal(() => patient.grant(grantInput))).toBe('wrong-clock');
    expect(patient.clock()).toBeUndefined();
    expect(await refusal(() => patient.listFolders())).toBe('accepted');
  });

  test.each([
    ['with another key than the service’s', { keyBy: copy }],
    ['with the service’s own key instead of the proxy key', { by: service }],
    ['as an answer to an earlier nonce', { nonce: toBase64url(new Uint8Array(16)) }],
    ['before the proxy key is valid', { from: NOW + 1, until: NOW + 2 }],
    ['after the proxy key has expired', { from: NOW - 2, until: NOW - 1 }],
  ] satisfies [string, Claim][])('the client refuses a time that was signed %s', async (_, claim) => {
    const { system, grantInput } = await clinic();
    const patient = system.patient(HOUR, { fetch: withTime(system.fetch, (url) => timeOf(url, claim)) });
    expect(await refusal(() => patient.grant(grantInput))).toBe('unverified time');
  });

  test.each([
    ['a number', { time: 5 }],
    ['no signature', { key: 'a.b.c', answer: 'a.b.c' }],
    ['nothing', {}],
    ['null', null],
  ])('the client corrects no clock by %s instead of a signed time', async (_, answer) => {
    const { system, at, grantInput, folder } = await clinic();
    const patient = system.patient(0, { fetch: withTime(system.fetch, () => answer) });
    const verdict = await refusal(() => patient.grant(grantInput));
    expect(['accepted', 'unverified time']).toContain(verdict);
    expect(patient.clock()).toBeUndefined();
    expect((await patient.file(folder.id, TEXT, {})).created).toBe(at.now);
  });

  test('the client refuses a certificate of the proxy key as a signed time', async () => {
    const { system, grantInput } = await clinic();
    const fetch = withTime(system.fetch, async (url) => {
      const { key } = await timeOf(url, {});
      return { key, answer: key };
    });
    expect(await refusal(() => system.patient(0, { fetch }).grant(grantInput))).toBe('unverified time');
  });

  test.each([
    ['took longer than a minute', MINUTE + 1],
    ['arrived before the question, because the clock was set back', -1],
  ])('an answer that %s does not correct the clock', async (_, change) => {
    const { system, at, grantInput } = await clinic();
    let late = 0;
    const fetch = withTime(system.fetch, async (url) => {
      const answer = await timeOf(url, {});
      late += change;
      return answer;
    });
    const patient = system.patient(0, { fetch, clock: () => at.now + late });
    await refusal(() => patient.grant(grantInput));
    expect(patient.clock()).toBeUndefined();
  });

  test.each([NOW + 5 * YEAR, 1e300, 1e21, -1e300, -1, Number.MAX_SAFE_INTEGER, 'tomorrow', '', null, {}, [], true])(
    'the unsigned time %p in a refusal corrects no clock and causes no error',
    async (serverTime) => {
      const { system, at, folder } = await clinic();
      const patient = system.patient();
      let lies = 1;
      at.lie = (route) =>
        route === 'list-chain' && lies-- > 0
          ? problem(401, 'clock-skew', { serverTime, clock: serverTime })
          : undefined;
      expect(await patient.listFolders()).toHaveLength(1);
      expect(patient.clock()).toMatchObject({ offset: 0 });
      expect((await patient.file(folder.id, TEXT, {})).created).toBe(at.now);
    },
  );

  test.each(['1e999', '-1e999', 'NaN', '"x"', '5e-324'])(
    'the unsigned time %s in the JSON text of a refusal corrects no clock',
    async (text) => {
      const { system, at, folder } = await clinic();
      const patient = system.patient();
      let lies = 1;
      const body = `{"code":"clock-skew","serverTime":${text}}`;
      at.lie = (route) => (route === 'list-chain' && lies-- > 0 ? new Response(body, { status: 401 }) : undefined);
      await refusal(() => patient.listFolders());
      expect(await patient.listFolders()).toHaveLength(1);
      expect((await patient.file(folder.id, TEXT, {})).created).toBe(at.now);
    },
  );

  test('a service that answers clock-skew again and again ends the call, and the clock stays as it is', async () => {
    const { system, at } = await clinic();
    const patient = system.patient();
    const before = system.calls.length;
    at.lie = (route) => (route === 'list-chain' ? problem(401, 'clock-skew', { serverTime: 5 }) : undefined);
    const error = await patient.listFolders().catch((e: unknown) => e);
    expect(error).toBeInstanceOf(ServiceError);
    expect(error).toMatchObject({ code: 'clock-skew', details: { serverTime: 5 } });
    expect(system.calls.slice(before).filter((c) => c === 'list-chain').length).toBe(2);
    expect(patient.clock()).toMatchObject({ offset: 0 });
  });

  test('an opening that the service refuses repeatedly for its time is sent twice', async () => {
    const { system, at, record } = await clinic();
    const before = system.calls.length;
    at.lie = (route) =>
      route === 'recapsulate'
        ? problem(422, 'statement-invalid', { member: 'when', clock: 'ahead', serverTime: 5 })
        : undefined;
    const error = await system
      .patient()
      .open([record])
      .catch((e: unknown) => e);
    expect(error).toMatchObject({ code: 'statement-invalid', details: { clock: 'ahead', serverTime: 5 } });
    expect(system.calls.slice(before).filter((c) => c === 'recapsulate')).toHaveLength(2);
  });

  test('the client does not carry over a grant that has expired by the device’s own clock', async () => {
    const { system, at, owner, grantInput, folder } = await clinic();
    const [grant] = await owner.grant(grantInput);
    // The grant has expired. The service signs an earlier time and lists the grant as active.
    const right = at.now + 2 * HOUR;
    const patient = system.patient(0, { clock: () => right });
    const started = await patient.startEpoch(folder.id);
    expect(started.epoch).toBe(2);
    expect((await owner.getGrant(grant.id)).cells.map((c) => c.epoch)).toEqual([1]);
  });
});
