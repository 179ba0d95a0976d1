// Measures the service's work for one opening: the Lambda handler of recapsulate, from the gateway's event to its answer, with stubs instead of the stores.
// It measures the processor time of this process, so that other processes change the result little. `npm run bench:open`; --json prints one line.
import { S3Client } from '@aws-sdk/client-s3';
import type { APIGatewayProxyEventV2, Context } from 'aws-lambda';
import { p256 } from '@noble/curves/nist.js';
import { cpuUsage, argv, stdout } from 'node:process';
import { parseArgs } from 'node:util';
import { importCosts } from './import-time.ts';
import { countOf } from './arguments.ts';
import { median } from './statistics.ts';
import { OPENING_ROUTES } from '../lib/api/opening-routes.ts';
import { fromBase64url, toBase64url, utf8 } from '../lib/bytes/codec.ts';
import { EMPTY_CHAIN } from '../lib/domain/audit-chain.ts';
import { NO_ENTRIES } from '../lib/domain/statement-chain.ts';
import { answer } from '../lib/http/response.ts';
import { endpoint } from '../lib/http/endpoint.ts';
import { readBody, readInput } from '../lib/http/read-request.ts';
import { verifyRequest } from '../lib/http/verify-request.ts';
import { signRequest } from '../lib/identity/http-signature.ts';
import { signAsService } from '../lib/statements/service-statements.ts';
import { verifyStatement } from '../lib/statements/verify.ts';
import type { Statement } from '../lib/statements/kinds.ts';
import { makeBlobs } from '../lib/stores/s3/blobs.ts';
import { makePresign } from '../lib/stores/s3/presign.ts';
import { makeProxyKey } from '../lib/stores/kms/proxy-key.ts';
import { encodePublicKey, publicKeyOf } from '../lib/umbral/keys.ts';
import { decodeCapsules, encodeCFrag, reencrypt, trustStoredKFrag } from '../lib/umbral/proxy.ts';
import type { OpeningView, ServiceSigner, StoredKeyFragment } from '../lib/ports/index.ts';
import { recapsulate } from '../lib/usecases/recapsulate.ts';
import {
  filingOf,
  folderOf,
  grantOf,
  identityOf,
  NOW,
  openingOf,
  patient,
  recipient,
} from '../test/usecases/people.ts';

const { values } = parseArgs({
  args: argv.slice(2),
  options: { json: { type: 'boolean', default: false }, passes: { type: 'string', default: '15' } },
});
const passes = countOf(values, 'passes');
const ORIGIN = new URL('https://api.example.org');
const KEY = new Uint8Array(32).fill(21);

type Work = () => unknown;

/** Returns the mean processor time of `count` runs, in microseconds. */
const costOf = async (count: number, run: Work): Promise<number> => {
  const before = cpuUsage();
  for (let i = 0; i < count; i++) await run();
  const { user, system } = cpuUsage(before);
  return (user + system) / count;
};

const WARM_UP_MS = 1500;

/** Warms up all works, runs them in turn in several passes, and returns the median of each work. */
const costsOf = async <K extends string>(
  works: Readonly<Record<K, Work>>,
  count: number,
): Promise<Record<K, number>> => {
  const named = Object.entries<Work>(works);
  for (const [, run] of named) {
    const end = performance.now() + WARM_UP_MS;
    while (performance.now() < end) await run();
  }
  const costs = named.map(([name, run]) => ({ name, run, list: [] as number[] }));
  for (let pass = 0; pass < passes; pass++) for (const { run, list } of costs) list.push(await costOf(count, run));
  return Object.fromEntries(costs.map(({ name, list }) => [name, median(list)])) as Record<K, number>;
};

const [identity, folder] = await Promise.all([identityOf(recipient), folderOf(patient)]);
const filings = await Promise.all(Array.from({ length: 100 }, () => filingOf(patient, folder)));
const grant = await grantOf([folder]);
const [kfrag] = grant.body.kfrags;
const { payload: granted } = grant.statement;

const viewOf = (records: number): OpeningView => ({
  caller: { statement: identity, state: 'active' },
  grant: {
    state: 'active',
    notBefore: granted.notBefore,
    expires: granted.expires,
    used: 0,
    patient: granted.patient,
    recipient: granted.recipient,
    receiving: granted.receiving.key,
    verifying: toBase64url(encodePublicKey(publicKeyOf(patient.keys.kfragSigner))),
    pace: { second: 0, count: 0 },
  },
  keyFragment: kfrag as StoredKeyFragment,
  cell: { statement: folder, state: 'current' },
  head: { ...EMPTY_CHAIN, entries: NO_ENTRIES },
  versions: filings.slice(0, records).map(({ statement, body, upload }) => ({
    statement,
    state: 'committed',
    metadata: body.metadata,
    blob: { key: `b/${statement.payload.record}/${upload}`, versionId: 'null' },
    event: EMPTY_CHAIN.hash,
    filed: NOW,
  })),
  wraps: filings.slice(0, records).map(({ body }) => body.wrap),
  claim: undefined,
});

const s3 = new S3Client({ region: 'eu-central-1', credentials: { accessKeyId: 'bench', secretAccessKey: 'bench' } });
const blobs = makeBlobs(s3, 'bench', makePresign(s3, { bucket: 'bench', endpoint: undefined }));
const certify: ServiceSigner['sign'] = (kind, payload) =>
  signAsService(kind, payload, {
    key: toBase64url(p256.getPublicKey(KEY, true)),
    sign: (input) => Promise.resolve(p256.sign(input, KEY)),
  });
const { answer: sign } = makeProxyKey(certify);

const eventOf = async (opening: Statement<'opening'>): Promise<APIGatewayProxyEventV2> => {
  const url = new URL(`/v1/openings/${opening.payload.opening}`, ORIGIN);
  const body = JSON.stringify({ statement: opening.jws });
  const headers = await signRequest({ method: 'PUT', url, body: utf8(body) }, recipient.keys, { now: NOW });
  return {
    version: '2.0',
    rawPath: url.pathname,
    rawQueryString: '',
    headers,
    requestContext: { http: { method: 'PUT', path: url.pathname } },
    body,
    isBase64Encoded: false,
  } as unknown as APIGatewayProxyEventV2;
};
const context = { awsRequestId: 'bench', getRemainingTimeInMillis: () => 30_000 } as Context;

/** Measures the processor time of one opening of this many records, and of each of its steps, in microseconds. */
const measured = async (records: number, count: number) => {
  const chosen = filings.slice(0, records);
  const opening = await openingOf(
    recipient,
    folder,
    chosen.map((f) => f.statement),
    { grant: granted.grant },
  );
  const event = await eventOf(opening);
  const view = viewOf(records);
  const deps = {
    log: () => undefined,
    clock: () => NOW,
    origin: () => ORIGIN,
    openings: { read: () => Promise.resolve(view), record: () => Promise.resolve({ repeated: false }) },
    blobs,
    serviceSigner: { answer: sign },
  };
  const handle = endpoint(OPENING_ROUTES, 'recapsulate', recapsulate, deps);
  const first = await handle(event, context);
  if (first.statusCode !== 200) throw new Error(first.body);
  const parsed = JSON.parse(first.body ?? '') as { readonly records: readonly unknown[] };
  const route = OPENING_ROUTES.recapsulate;
  const stored = trustStoredKFrag(fromBase64url(kfrag!));
  const body = readBody(event);
  const point = folder.payload.key;
  const steps: Readonly<Record<string, Work>> = {
    parse: () => readInput(route, event, readBody(event)),
    signature: async () => {
      const { headers, rawPath: path } = event;
      await verifyRequest({ method: 'PUT', authority: ORIGIN.host, path, rawQuery: '', headers, body }, { now: NOW });
      await verifyStatement('opening', opening.jws, recipient.keys.id);
    },
    're-encrypt': () => {
      for (const capsule of decodeCapsules(chosen.map((f) => fromBase64url(f.body.wrap.capsule))))
        toBase64url(encodeCFrag(reencrypt(capsule, stored)));
    },
    'sign the answer': () =>
      sign({
        opening: opening.hash,
        fragments: chosen.map(() => opening.hash),
        delegation: { verifying: point, delegating: point, receiving: point, kfrag: granted.cells[0]!.kfrags[0]!.id },
        when: NOW,
      }),
    presign: () => Promise.all(view.versions.map((v) => blobs.download(v!.blob, NOW))),
    serialise: () => answer(route, parsed, 'bench'),
  };
  const { total, ...parts } = await costsOf({ ...steps, total: () => handle(event, context) }, count);
  const known = Object.values<number>(parts).reduce((x, y) => x + y, 0);
  return { total, steps: { ...parts, 'policy and the rest': total - known } };
};

const one = await measured(1, 50);
const hundred = await measured(100, 1);
const ms = (microseconds: number): number => Number((microseconds / 1000).toFixed(3));
const imports = await importCosts(21);
const result = {
  oneRecordMs: ms(one.total),
  eachFurtherMs: ms((hundred.total - one.total) / 99),
  stepsOfOneMs: Object.fromEntries(Object.entries(one.steps).map(([name, cost]) => [name, ms(cost)])),
  importMs: imports,
  stepsOfHundredMs: Object.fromEntries(Object.entries(hundred.steps).map(([name, cost]) => [name, ms(cost)])),
};
stdout.write(values.json ? `${JSON.stringify(result)}\n` : `${JSON.stringify(result, undefined, 2)}\n`);
