// Makes a client of a generated life (see life.ts), behind a service that lies to it. The device shows each call to the judge before it sends the call, and
// changes the answers of the service.
import type { RouteName } from '../../../lib/api/routes.ts';
import { ROUTES } from '../../../lib/api/routes.ts';
import type { GrantId } from '../../../lib/bytes/ids.ts';
import {
  createPatient,
  createRecipient,
  importMemory,
  type AccessRequest,
  type Grant,
  type GrantWithCells,
  type MemorySnapshot,
  type Patient,
  type RecordInfo,
  type Recipient,
} from '../../../lib/client/index.ts';
import { toBase64url } from '../../../lib/bytes/codec.ts';
import type { ClientOptions } from '../../../lib/client/session/context.ts';
import { fill } from '../../statements/samples.ts';
import { routeOf, type Said } from '../../support/lying-fetch.ts';
import { ORIGIN, type memoryService } from '../../support/memory-service.ts';
import { KEYS, type CallBody, type Judge, type Subject, type Wish } from './judge-sent-calls.ts';
import { CHANGES, DEEDS, liesOf, placeOf, refusal, spoilt, type LieName, type Liar } from './lies.ts';

/** A lie about one answer. */
export interface Told {
  /** Chooses the lie, among those that make sense for the route. */
  readonly lie: number;
  /** Chooses the object of the lie. */
  readonly pick: number;
}
/** The lies of one step of a life. `null` stands for no lie. */
export interface Lies {
  /** Lies about answers to calls that change something. */
  readonly onAct: Told | null;
  /** Lies about the answers to other calls. The route and the number of the call choose one from the list. */
  readonly onRead: readonly (Told | null)[];
}
/** A lie that was chosen. */
interface Chosen {
  readonly lie: LieName;
  readonly pick: number;
}
/** A lie that the service tells at every answer of one route, for the whole life. */
export interface Habit extends Told {
  readonly route: RouteName;
}

export type Service = ReturnType<typeof memoryService>;

/** The data that all devices of a life share. */
export interface World {
  now: number;
  /** The error of the service's clock while it tells a false time, milliseconds. */
  skew: number;
  /** How many devices were made. */
  devices: number;
  readonly judge: Judge;
  readonly habits: readonly Habit[];
  readonly serviceKey: string;
  readonly answers: Map<RouteName, readonly (Said & { readonly url: string })[]>;
  readonly blobs: Uint8Array[];
  readonly liar: () => Omit<Liar, 'older' | 'same'>;
  /** How often each lie was told. */
  readonly told: Map<LieName, number>;
}

const NAMES = Object.keys(ROUTES) as RouteName[];
/** Whether the lie is a deed, which is a lie that changes no answer. */
const isDeed = (lie: LieName): lie is (typeof DEEDS)[number] => (DEEDS as readonly string[]).includes(lie);

const respond = ({ status, body }: Said): Response =>
  new Response(body === undefined ? null : JSON.stringify(body), {
    status,
    headers: { 'content-type': status < 400 ? 'application/json' : 'application/problem+json' },
  });

/** Returns a function that makes pseudorandom bytes. They depend only on `seed`, the number of the device, so that a generated life can be repeated. */
const rngOf = (seed: number) => {
  let x = seed * 0x9e3779b9 + 1;
  const next = (): number => {
    x ^= x << 13;
    x ^= x >>> 17;
    x ^= x << 5;
    return x & 0xff;
  };
  return (length: number): Uint8Array => Uint8Array.from({ length }, next);
};

export type Party = 'patient' | 'clinician' | 'registrar';

/** The objects that the user of a device saw last, and acts on. */
export interface Seen {
  grants: readonly Grant[];
  details: GrantWithCells[];
  requests: readonly AccessRequest[];
  records: readonly RecordInfo[];
}

export const newDevice = (world: World, party: Party, first: Service) => {
  const keys = KEYS[party];
  const isPatient = party === 'patient';
  world.devices += 1;
  const rng = rngOf(world.devices);
  let service = first;
  let lies: Lies | undefined;
  const counts = new Map<string, number>();
  const saved: MemorySnapshot[] = [];
  const revoking = new Set<GrantId>();
  let wish: Wish | undefined;
  /** For each list, the newest version of each record that the device showed. */
  let shown = new Map<string, number>();
  let shownAtSave = shown;

  /** Chooses the lie about the next answer of this route. The choice depends on the number of earlier calls of this route in the step, not on other routes. */
  const nextLie = (route: RouteName | 'storage'): Told | undefined => {
    const count = counts.get(route) ?? 0;
    counts.set(route, count + 1);
    if (lies === undefined) return undefined;
    if (route !== 'storage' && ROUTES[route].method !== 'GET') return lies.onAct ?? undefined;
    const own = lies.onRead[(placeOf(route, NAMES) + count) % Math.max(1, lies.onRead.length)];
    return own ?? world.habits.find((h) => h.route === route);
  };

  const callService = async (request: Request, route: RouteName, next: Told | undefined): Promise<Response> => {
    const among = liesOf(route);
    const told: Chosen | undefined = next && { lie: among[next.lie % among.length]!, pick: next.pick };
    if (told !== undefined) world.told.set(told.lie, (world.told.get(told.lie) ?? 0) + 1);
    if (told?.lie === 'lose-call') throw new TypeError('the call was lost');
    if (told?.lie === 'refuse') return respond(refusal(told.pick));
    if (told?.lie === 'false-time') world.skew = (told.pick % 2 === 0 ? 1 : -1) * told.pick * 3_600_000;
    const response = await service.fetch(request).finally(() => {
      world.skew = 0;
    });
    if (told?.lie === 'lose-answer') throw new TypeError('the answer was lost');
    const text = await response.text();
    const said: Said = { status: response.status, body: text === '' ? undefined : JSON.parse(text) };
    const older = world.answers.get(route) ?? [];
    world.answers.set(route, [...older, { ...said, url: request.url }].slice(-40));
    if (told === undefined || isDeed(told.lie)) return respond(said);
    return respond(
      CHANGES[told.lie](said, told.pick, { ...world.liar(), older, same: older.filter((o) => o.url === request.url) }),
    );
  };

  const callStorage = async (request: Request): Promise<Response> => {
    const told = nextLie('storage');
    const isPut = request.method === 'PUT';
    if (told !== undefined && told.lie % 3 === 0) throw new TypeError('the call was lost');
    if (told !== undefined && isPut) return new Response(null, { status: 200 });
    const answer = await service.fetch(request);
    if (isPut || !answer.ok) return answer;
    const bytes = new Uint8Array(await answer.arrayBuffer());
    world.blobs.push(bytes);
    return new Response((told === undefined ? bytes : spoilt(bytes, told.pick, world.blobs)) as BodyInit);
  };

  const lying: typeof fetch = async (input, init) => {
    const request = new Request(input, init);
    const url = new URL(request.url);
    const route = url.origin === ORIGIN ? routeOf(request.method, url.pathname) : undefined;
    if (route === undefined) return callStorage(request);
    const text = request.method === 'GET' ? '' : await request.clone().text();
    try {
      world.judge.onCall(subject, route, (text === '' ? {} : JSON.parse(text)) as CallBody);
    } catch (error) {
      world.judge.faults.push(`the judge failed: ${(error as Error).stack}`);
    }
    return callService(request, route, nextLie(route));
  };

  const optionsOf = (memory: MemorySnapshot | undefined): ClientOptions => ({
    origin: ORIGIN,
    storageOrigins: ['https://blobs.test'],
    serviceKey: world.serviceKey,
    keys,
    next: toBase64url(fill(9, 32)),
    fetch: lying,
    clock: () => world.now,
    sleep: () => Promise.resolve(),
    timer: () => () => undefined,
    rng,
    tries: 2,
    ...(memory && { memory: importMemory(keys.id, memory) }),
    save: async (snapshot) => {
      // Saving takes a while, so that a client that does not wait for it sends its call before the memory is saved.
      for (let i = 0; i < 3; i++) await Promise.resolve();
      await new Promise((done) => setImmediate(done));
      saved.push(snapshot);
      shownAtSave = new Map(shown);
    },
  });
  const start = (memory?: MemorySnapshot) => ({
    patient: isPatient ? createPatient(optionsOf(memory)) : undefined,
    recipient: isPatient ? undefined : createRecipient(optionsOf(memory)),
  });
  let client = start();
  const own = (): Patient | Recipient => client.patient ?? client.recipient!;

  const subject: Subject = {
    id: keys.id,
    isPatient,
    head: () => own().memory.chainHead(),
    trail: () => client.patient?.trail.entries() ?? [],
    saved: () => saved.at(-1),
    revoking,
    sent: new Set(),
    entries: [],
    epochs: new Map(),
    get wish() {
      return wish;
    },
  };

  /** Starts the application again: after a crash with the memory that it saved last, otherwise with all that it knows. */
  const restart = (isCrash: boolean): void => {
    const memory = isCrash ? saved.at(-1) : own().memory.export();
    client = start(memory);
    if (isCrash) shown = new Map(shownAtSave);
    revoking.clear();
    for (const id of memory?.revoked ?? []) revoking.add(id);
  };

  const seen: Seen = { grants: [], details: [], requests: [], records: [] };
  return {
    party,
    subject,
    seen,
    revoking,
    patient: () => client.patient!,
    recipient: () => client.recipient!,
    head: () => own().memory.chainHead(),
    restart,
    service: () => service,
    moveTo: (other: Service) => {
      service = other;
    },
    shown: () => shown,
    /** Calls `run` while the service tells these lies; for `undefined` it tells none, not even its habits. @param aim the wish of the user */
    during: async <T>(told: Lies | undefined, aim: Wish | undefined, run: () => Promise<T>): Promise<T> => {
      lies = told;
      counts.clear();
      wish = aim;
      try {
        return await run();
      } finally {
        lies = undefined;
      }
    },
  };
};
export type Device = ReturnType<typeof newDevice>;
