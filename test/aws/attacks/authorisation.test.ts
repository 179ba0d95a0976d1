// Tests authorisation: calls every route as every kind of signer. A caller without access gets the same bytes as for an id that does not exist.
import { beforeAll, describe, expect, test } from '@jest/globals';
import type { ErrorCode } from '../../../lib/api/errors.ts';
import { ROUTES, type RouteName } from '../../../lib/api/routes.ts';
import { systemRng } from '../../../lib/bytes/binary.ts';
import { fromBase64url, fromUtf8 } from '../../../lib/bytes/codec.ts';
import { newId, type GrantId, type RecordId, type UploadId } from '../../../lib/bytes/ids.ts';
import type { Patient, Recipient } from '../../../lib/client/index.ts';
import { HOUR } from '../../../lib/domain/time.ts';
import { bytesOf, newPerson, patientOf, recipientOf, when, type Connection, type Person } from '../flows/people.ts';
import { makeService } from '../../support/in-process.ts';
import { CALLS, type Facts, type Target } from './valid-calls.ts';
import { plainRequest, signedRequest, withNextEntry } from '../raw-calls.ts';

const connection = (ahead = 0): Required<Connection> => {
  const clock = () => Date.now() + ahead;
  const { origin, fetch } = makeService({ env: process.env, clock });
  return { origin, fetch, clock };
};
const present = connection();
/** A connection to a service whose clock is two hours ahead, so that a grant of one hour has expired there. */
const later = connection(2 * HOUR);

const SIGNERS = [
  'unsigned',
  'wrong key',
  'unregistered',
  'other patient',
  'stranger',
  'denied',
  'pending',
  'thief of a grant id',
  'grant for another folder',
  'grant from another patient',
  'revoked',
  'expired',
  'used up',
  'recipient',
  'patient',
] as const;
type Signer = (typeof SIGNERS)[number];
/** The outcome of a call: an error code, the reason why a grant has ended, `ok`, or `own`, which is a list with items of the caller only. */
type Outcome = ErrorCode | 'revoked' | 'expired' | 'exhausted' | 'ok' | 'own';

const everybody = (outcome: Outcome): Record<Signer, Outcome> => ({
  ...(Object.fromEntries(SIGNERS.map((s) => [s, outcome])) as Record<Signer, Outcome>),
  unsigned: 'unsigned',
  'wrong key': 'signature-invalid',
  unregistered: 'not-registered',
});
/** The patient gets `outcome`; all others get `not-found`, whatever grant they have. */
const patientOnly = (outcome: Outcome = 'ok'): Record<Signer, Outcome> => ({
  ...everybody('not-found'),
  patient: outcome,
});
/** The call succeeds for the patient, and for a recipient with a live grant for the right cells. */
const byGrant: Record<Signer, Outcome> = {
  ...patientOnly(),
  recipient: 'ok',
  revoked: 'revoked',
  expired: 'expired',
  'used up': 'exhausted',
};
const open = Object.fromEntries(SIGNERS.map((s) => [s, 'ok'])) as Record<Signer, Outcome>;

/**
 * The expected outcome of each route for each signer. The matrix does not compile without a row for every route. Some calls fail for a reason other than the
 * signer, such as an upload without its blob. In their rows, the patient's outcome is the error code of that reason.
 */
const MATRIX: Readonly<Record<RouteName, Readonly<Record<Signer, Outcome>>>> = {
  register: { ...everybody('statement-invalid'), unregistered: 'statement-invalid', patient: 'statement-outdated' },
  'get-identity': everybody('ok'),
  'create-folder': patientOnly(),
  'list-cell-grants': patientOnly(),
  'begin-upload': patientOnly(),
  'upload-parts': { ...everybody('upload-not-found'), patient: 'ok' },
  'commit-record': patientOnly('upload-incomplete'),
  'list-records': byGrant,
  'get-record': byGrant,
  'delete-record': patientOnly(),
  'request-access': { ...everybody('ok'), patient: 'statement-invalid' },
  'list-requests': everybody('own'),
  'withdraw-request': { ...patientOnly('not-found'), pending: 'ok' },
  'approve-request': patientOnly(),
  'deny-request': patientOnly(),
  'grant-access': patientOnly(),
  // Both parties can read a grant after its end. The last two signers read their own grant.
  'get-grant': {
    ...patientOnly(),
    recipient: 'ok',
    revoked: 'ok',
    expired: 'ok',
    'used up': 'ok',
    'grant for another folder': 'ok',
    'grant from another patient': 'ok',
  },
  'list-grants': everybody('own'),
  // The grant already has the cell that extend-grant adds, and settle-grant needs a grant that has ended. Nothing else is wrong with these two calls.
  'extend-grant': patientOnly('already-exists'),
  'settle-grant': patientOnly('cells-open'),
  'pause-grant': patientOnly(),
  'resume-grant': patientOnly(),
  'revoke-grant': patientOnly(),
  'return-grant': { ...patientOnly('not-found'), pending: 'ok' },
  recapsulate: byGrant,
  'list-audit': everybody('own'),
  'list-chain': everybody('own'),
  'get-checkpoint': everybody('ok'),
  'get-service-key': open,
  'get-time': open,
  health: open,
  openapi: open,
};

interface Who {
  readonly person: Person;
  readonly over: Required<Connection>;
  readonly grant?: GrantId;
}
interface World {
  readonly who: Readonly<Record<Signer, Who>>;
  readonly target: Target;
  readonly facts: Facts;
}

const enter = async <R extends Patient | Recipient>(make: (person: Person, at: Connection) => R) => {
  const person = newPerson();
  const one = make(person, present);
  const statement = await one.register();
  return { person, one, statement };
};

const build = async (): Promise<World> => {
  const [p, other, recipient, stranger, denied, pending, revoked, expired, usedUp, bystander] = await Promise.all([
    enter(patientOf),
    enter(patientOf),
    enter(recipientOf),
    enter(recipientOf),
    enter(recipientOf),
    enter(recipientOf),
    enter(recipientOf),
    enter(recipientOf),
    enter(recipientOf),
    enter(recipientOf),
  ]);
  const folder = await p.one.createFolder({ name: 'Letters', category: 'letters' });
  const elsewhere = await p.one.createFolder({ name: 'Other', category: 'other' });
  const foreign = await other.one.createFolder({ name: 'Other', category: 'other' });
  const record = await p.one.file(folder.id, bytesOf(100), {});
  await other.one.file(foreign.id, bytesOf(100), {});
  const terms = { folders: [folder.id], purpose: 'TREAT', durationSeconds: 30 * 86_400 } as const;
  const [grant] = await p.one.grant({ ...terms, recipient: recipient.one.id });
  const [otherFolderGrant] = await p.one.grant({ ...terms, folders: [elsewhere.id], recipient: recipient.one.id });
  const [otherPatientGrant] = await other.one.grant({ ...terms, folders: [foreign.id], recipient: recipient.one.id });
  const [unneeded] = await p.one.grant({ ...terms, folders: [elsewhere.id], recipient: pending.one.id });
  const [revokedGrant] = await p.one.grant({ ...terms, recipient: revoked.one.id });
  const [expiredGrant] = await p.one.grant({ ...terms, recipient: expired.one.id, durationSeconds: 3600 });
  const [usedUpGrant] = await p.one.grant({ ...terms, recipient: usedUp.one.id, openings: 1 });
  // Ends two grants, only after all grants are made: when the patient's client makes a grant, it closes the cells of grants that have ended.
  await usedUp.one.open(await usedUp.one.grant(usedUpGrant.id), [record]);
  await p.one.revoke(revokedGrant);
  await when.asks({ patient: p.one, recipient: denied.one, folder: folder.id });
  await p.one.deny((await p.one.listRequests('pending'))[0]!);
  const [request, toDeny, toWithdraw] = [
    await when.asks({ patient: p.one, recipient: recipient.one, folder: folder.id }),
    await when.asks({ patient: p.one, recipient: pending.one, folder: folder.id }),
    await when.asks({ patient: p.one, recipient: pending.one, folder: folder.id }),
  ];
  const upload = newId<UploadId>(systemRng);
  const begun = await present.fetch(
    await signedRequest(present, p.person.keys, {
      route: 'begin-upload',
      params: { recordId: record.record },
      body: { upload, folder: folder.id, epoch: 1, version: 2, multipart: false },
    }),
  );
  expect(begun.status).toBe(201);
  const now = ({ person }: { person: Person }, grant?: GrantId): Who => ({
    person,
    over: present,
    ...(grant && { grant }),
  });
  return {
    who: {
      unsigned: now(p),
      'wrong key': now(p),
      unregistered: now({ person: newPerson() }),
      'other patient': now(other),
      stranger: now(stranger),
      denied: now(denied),
      pending: now(pending),
      'thief of a grant id': now(stranger, grant.id),
      'grant for another folder': now(recipient, otherFolderGrant.id),
      'grant from another patient': now(recipient, otherPatientGrant.id),
      revoked: now(revoked, revokedGrant.id),
      expired: { person: expired.person, over: later, grant: expiredGrant.id },
      'used up': now(usedUp, usedUpGrant.id),
      recipient: now(recipient, grant.id),
      patient: now(p),
    },
    target: {
      patient: p.one.id,
      folder: folder.id,
      record: record.record,
      upload,
      request: request.id,
      denied: toDeny.id,
      withdrawn: toWithdraw.id,
      grant: grant.id,
      unneeded: unneeded.id,
      opening: newId(systemRng),
    },
    facts: {
      folder: folder.statement,
      record: record.statement,
      request: request.statement,
      denied: toDeny.statement,
      withdrawn: toWithdraw.statement,
      grant: grant.statement,
      unneeded: unneeded.statement,
      recipient: recipient.statement,
      bystander: bystander.statement,
    },
  };
};

const WITHOUT_SIGNATURE = ['signature', 'signature-input', 'content-digest'];

let world: World;
beforeAll(async () => {
  world = await build();
});

const send = async (route: RouteName, signer: Signer, target: Target = world.target): Promise<Response> => {
  const { person, over, grant } = world.who[signer];
  const at = grant === undefined || target !== world.target ? target : { ...target, grant };
  const now = over.clock();
  const withGrant = grant !== undefined;
  const call = await CALLS[route]({ as: person, at, of: world.facts, now, withGrant });
  const thief = world.who.stranger.person.keys;
  const keys = signer === 'wrong key' ? { ...person.keys, sign: thief.sign } : person.keys;
  // The caller signs the entry, even if the key of another identity signs the request.
  const whole = await withNextEntry(over, person.keys, { route, ...call }, now);
  const request = await plainRequest(over, keys, whole, now);
  if (signer === 'unsigned') for (const name of WITHOUT_SIGNATURE) request.headers.delete(name);
  return over.fetch(request);
};

const REASONS: readonly string[] = ['revoked', 'expired', 'exhausted'];
const STATUS = { unsigned: 401, 'signature-invalid': 401, 'not-registered': 403, 'not-found': 404 } as const;

/** Translates a response to an outcome of the matrix. */
const outcomeOf = async (response: Response): Promise<string> => {
  if (response.ok) return 'ok';
  const { code, reason, status } = (await response.json()) as { code: string; reason?: string; status: number };
  expect(status).toBe(response.status);
  if (code === 'grant-ended') expect(response.status).toBe(403);
  if (code in STATUS) expect(response.status).toBe(STATUS[code as keyof typeof STATUS]);
  return code === 'grant-ended' && reason !== undefined && REASONS.includes(reason) ? reason : code;
};

const payloadText = (jws: string): string => fromUtf8(fromBase64url(jws.split('.')[1]!));

/** Expects that each item of the list names the caller, in its statement or as the actor. */
const expectOwn = async (response: Response, { keys: { id } }: Person): Promise<void> => {
  expect(response.status).toBe(200);
  const page = (await response.json()) as Record<string, { statement?: string; entry?: string; event?: string }[]>;
  for (const { statement, entry, event } of Object.values(page).flat()) {
    const text = event ?? payloadText(statement ?? entry!);
    expect(text).toContain(id);
  }
};

const routes = Object.keys(ROUTES) as RouteName[];
/** The place of a route in the order of the patient's calls: the three that read or open records come first, create-folder and delete-record last. */
const rank = (route: RouteName): number =>
  ['get-record', 'list-records', 'recapsulate'].includes(route)
    ? 0
    : 1 + ['create-folder', 'delete-record'].indexOf(route) + 1;

test('the matrix and the calls cover every route', () => {
  expect(Object.keys(MATRIX).sort()).toEqual([...routes].sort());
  expect(Object.keys(CALLS).sort()).toEqual([...routes].sort());
});

test('only health, openapi, the service key and the time need no signature', () => {
  expect(routes.filter((r) => ROUTES[r].access === 'public')).toEqual([
    'get-service-key',
    'get-time',
    'health',
    'openapi',
  ]);
});

describe.each(SIGNERS.filter((s) => s !== 'patient'))('signer: %s', (signer) => {
  test.each(routes.map((r) => [r, MATRIX[r][signer]] as const))('%s answers %s', async (route, outcome) => {
    const response = await send(route, signer);
    if (outcome === 'own') await expectOwn(response, world.who[signer].person);
    else expect(await outcomeOf(response)).toBe(outcome);
  });
});

/** Valid ids that name nothing. */
const UNKNOWN_IDS: Omit<Target, 'patient'> = {
  folder: newId(systemRng),
  record: newId(systemRng),
  upload: newId(systemRng),
  request: newId(systemRng),
  denied: newId(systemRng),
  withdrawn: newId(systemRng),
  grant: newId(systemRng),
  unneeded: newId(systemRng),
  opening: newId(systemRng),
};
/** Returns what a caller sees of a response, without the request id, and with names in place of the ids that the caller sent. */
const comparable = async (response: Response, target: Target) => {
  const { requestId, ...problem } = (await response.json()) as Record<string, unknown>;
  expect(typeof requestId).toBe('string');
  let text = JSON.stringify(problem);
  for (const [name, id] of Object.entries(target)) text = text.replaceAll(id as string, name);
  return { status: response.status, text, type: response.headers.get('content-type') };
};

describe.each(['other patient', 'stranger', 'denied', 'pending'] as const)(
  'signer %s cannot tell existing from unknown ids',
  (signer) => {
    const hidden = routes.filter((r) => MATRIX[r][signer].endsWith('not-found'));
    test.each(hidden)('%s gives the same answer for both', async (route) => {
      const unknown = { ...world.target, ...UNKNOWN_IDS };
      expect(await comparable(await send(route, signer), world.target)).toEqual(
        await comparable(await send(route, signer, unknown), unknown),
      );
    });
  },
);

test('a stranger who knows a grant id gets the same answers as for an unknown grant id', async () => {
  const unknown = { ...world.target, grant: UNKNOWN_IDS.grant };
  for (const route of ['list-records', 'get-record', 'get-grant', 'recapsulate'] as const)
    expect(await comparable(await send(route, 'thief of a grant id'), world.target)).toEqual(
      await comparable(await send(route, 'thief of a grant id', unknown), unknown),
    );
});

describe('answers not-found to a recipient who names no grant', () => {
  test.each(['list-records', 'get-record', 'recapsulate'] as const)('%s', async (route) => {
    const { person, over } = world.who.recipient;
    const now = over.clock();
    const call = await CALLS[route]({ as: person, at: world.target, of: world.facts, now, withGrant: false });
    expect(await outcomeOf(await over.fetch(await signedRequest(over, person.keys, { route, ...call }, now)))).toBe(
      'not-found',
    );
  });
});

describe('the patient may make the same calls, so only the signer was wrong with them', () => {
  test.each([...routes].sort((a, b) => rank(a) - rank(b)).map((r) => [r, MATRIX[r].patient] as const))(
    '%s answers %s',
    async (route, outcome) => {
      const response = await send(route, 'patient');
      if (outcome === 'own') await expectOwn(response, world.who.patient.person);
      else expect(await outcomeOf(response)).toBe(outcome);
    },
  );
});

describe("answers not-found to a new record in another person's folder", () => {
  test.each(['begin-upload', 'commit-record'] as const)('%s', async (route) => {
    for (const signer of ['other patient', 'recipient', 'stranger'] as const) {
      const target = { ...world.target, record: newId<RecordId>(systemRng) };
      expect([signer, await outcomeOf(await send(route, signer, target))]).toEqual([signer, 'not-found']);
    }
  });
});
