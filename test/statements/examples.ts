// Builds the published examples: two identities from known words, one statement of each kind, two signed requests. Random values are a repeated byte. Values
// that other pages define (sealed texts, digests of blobs, key fragments) are placeholders of the right length.
import { ed25519 } from '@noble/curves/ed25519.js';
import { p256 } from '@noble/curves/nist.js';
import { toBase64url, toHex, utf8 } from '../../lib/bytes/codec.ts';
import { newId, type GrantId, type OpeningId, type RandomId, type RequestId } from '../../lib/bytes/ids.ts';
import { EMPTY_CHAIN, nextEvent, type EventDraft } from '../../lib/domain/audit-chain.ts';
import { instantOf, MINUTE } from '../../lib/domain/time.ts';
import { granted } from '../../lib/usecases/checks/grant.ts';
import { deviceKeys, identityPublicKey, type DeviceKeys } from '../../lib/identity/key-derivation.ts';
import { signRequest } from '../../lib/identity/http-signature.ts';
import { identityPayload, nextKeyHash } from '../../lib/identity/identity-statement.ts';
import { encodeKeyFile, holdKeys, sealKeyFile } from '../../lib/identity/key-file.ts';
import { generationSeed, newRootWords } from '../../lib/identity/recovery-words.ts';
import { sealSeeds } from '../../lib/envelope/companion-seeds.ts';
import { decapsulator } from '../../lib/envelope/x-wing.ts';
import type { Kind, Payload, Statement } from '../../lib/statements/kinds.ts';
import { signStatement } from '../../lib/statements/sign.ts';
import { makeSecret } from '../../lib/umbral/key-factory.ts';
import { encodePublicKey, publicKeyOf, type SecretKey } from '../../lib/umbral/keys.ts';
import { counting } from '../support/counting.ts';

const fill = (byte: number, length: number): Uint8Array => new Uint8Array(length).fill(byte);
const text = (byte: number, length: number): string => toBase64url(fill(byte, length));
const id = <T extends RandomId>(byte: number): T => newId<T>(() => fill(byte, 16));
const publicKey = (key: SecretKey): string => toBase64url(encodePublicKey(publicKeyOf(key)));
const NOW = 1_767_225_600_000;
const DAY = 86_400_000;

/** Makes the person whose root is 32 times the same byte. */
const person = (byte: number) => {
  const root = fill(byte, 32);
  const seed = generationSeed(root, 1);
  const nextIdentityKey = identityPublicKey(generationSeed(root, 2));
  return { words: newRootWords(() => root), root, seed, nextIdentityKey, keys: deviceKeys(seed) };
};
type Person = ReturnType<typeof person>;

const FOLDER = id<Payload<'folder'>['folder']>(0x11);
const RECORD = id<Payload<'record'>['record']>(0x22);
const SALT = fill(0x05, 16);
/** A service key: the base point of P-256. */
const SERVICE_KEY = toBase64url(p256.Point.BASE.toBytes());

const inboxSeed = (seed: Uint8Array): Uint8Array => makeSecret(seed, utf8('pcehr/v1/inbox')).slice(0, 32);
const companionOf = (keys: DeviceKeys, epoch: number): string =>
  toBase64url(decapsulator(keys.companionSeed(FOLDER, epoch, SALT)).publicKey);

const describe = ({ words, root, seed, nextIdentityKey, keys }: Person) => ({
  words,
  root: toHex(root),
  seed: toHex(seed),
  identityKey: toHex(identityPublicKey(seed)),
  id: keys.id,
  nextIdentityKey: toHex(nextIdentityKey),
  next: nextKeyHash(nextIdentityKey),
  kfragSigner: toHex(keys.kfragSigner.toBytes()),
  kfragSignerPublic: publicKey(keys.kfragSigner),
  receiving1: toHex(keys.receiving(1).toBytes()),
  receiving1Public: publicKey(keys.receiving(1)),
  inboxSeed: toHex(inboxSeed(seed)),
  inboxPublic: toBase64url(keys.inbox().publicKey),
  folder: FOLDER,
  epoch: 1,
  salt: toHex(SALT),
  folderKey: toHex(keys.folderKey(FOLDER, 1, SALT).toBytes()),
  folderKeyPublic: publicKey(keys.folderKey(FOLDER, 1, SALT)),
  companionSeed: toHex(keys.companionSeed(FOLDER, 1, SALT)),
  companionPublic: companionOf(keys, 1),
});

const statementsOf = async (patient: Person, clinician: Person) => {
  const receiving = { number: 1, key: publicKey(clinician.keys.receiving(1)) };
  const folderKey = publicKey(patient.keys.folderKey(FOLDER, 1, SALT));
  const identity = await signStatement(
    'identity',
    identityPayload({
      keys: clinician.keys,
      nextIdentityKey: clinician.nextIdentityKey,
      number: 1,
      receivingNumber: 1,
      name: 'Praxis am Markt',
      now: NOW,
      rng: (n) => fill(0x06, n),
    }),
    clinician.keys,
  );
  const folder = await signStatement(
    'folder',
    {
      patient: patient.keys.id,
      folder: FOLDER,
      epoch: 1,
      salt: toBase64url(SALT),
      key: folderKey,
      companion: companionOf(patient.keys, 1),
      category: 'imaging',
      name: text(0x07, 1200),
      issued: NOW,
    },
    patient.keys,
  );
  const record = await signStatement(
    'record',
    {
      record: RECORD,
      version: 1,
      patient: patient.keys.id,
      folder: FOLDER,
      epoch: 1,
      author: patient.keys.id,
      created: NOW,
      algorithm: 1,
      chunk: 18,
      flags: 1,
      salt: text(0x08, 16),
      commit: text(0x09, 32),
      digest: text(0x0a, 32),
      length: 1040,
      metadata: text(0x0b, 32),
      wrap: text(0x0c, 32),
      label: text(0x0d, 32),
    },
    patient.keys,
  );
  const request = await signStatement(
    'request',
    {
      request: id<RequestId>(0x33),
      patient: patient.keys.id,
      recipient: clinician.keys.id,
      service: SERVICE_KEY,
      receiving,
      scope: { folders: [FOLDER] },
      rights: ['read'],
      purpose: 'TREAT',
      duration: (30 * DAY) / 1000,
      until: NOW + 7 * DAY,
      created: NOW,
    },
    clinician.keys,
  );
  const inbox = clinician.keys.inbox().publicKey;
  /** The seeds of one epoch, sealed with the random bytes 01 02 03 .. */
  const seedsOf = (epoch: number, extension: number): string => {
    const of = { patient: patient.keys.id, recipient: clinician.keys.id, grant: id<GrantId>(0x44), extension };
    return toBase64url(sealSeeds([patient.keys.companionSeed(FOLDER, epoch, SALT)], inbox, of, counting()));
  };
  const grant = await signStatement(
    'grant',
    {
      grant: id<GrantId>(0x44),
      patient: patient.keys.id,
      recipient: clinician.keys.id,
      receiving,
      request: { id: request.payload.request, hash: request.hash },
      right: 'read',
      cells: [
        {
          folder: FOLDER,
          epoch: 1,
          key: folderKey,
          statement: folder.hash,
          kfrags: [{ proxy: 'service', id: text(0x0d, 32), hash: text(0x0e, 32) }],
        },
      ],
      inbox: toBase64url(inbox),
      companions: seedsOf(1, 0),
      notBefore: NOW,
      expires: NOW + 30 * DAY,
      openings: 100,
      purpose: 'TREAT',
      threshold: 1,
      proxies: [{ id: 'service' }],
      issued: NOW,
    },
    patient.keys,
  );
  const opening = await signStatement(
    'opening',
    {
      opening: id<OpeningId>(0x55),
      patient: patient.keys.id,
      opener: clinician.keys.id,
      grant: id<GrantId>(0x44),
      folder: FOLDER,
      epoch: 1,
      records: [{ record: RECORD, version: 1 }],
      when: NOW,
    },
    clinician.keys,
  );
  const ending = { patient: patient.keys.id, when: NOW };
  const { request: requestId } = request.payload;
  const denial = await signStatement(
    'denial',
    { patient: ending.patient, request: requestId, of: request.hash, code: 'declined', when: NOW },
    patient.keys,
  );
  const revocation = await signStatement(
    'revocation',
    { ...ending, grant: grant.payload.grant, of: grant.hash, code: 'no-longer-needed' },
    patient.keys,
  );
  const deletion = await signStatement(
    'deletion',
    { ...ending, record: RECORD, of: record.hash, code: 'mistake' },
    patient.keys,
  );
  const extension = await signStatement(
    'extension',
    {
      patient: ending.patient,
      grant: grant.payload.grant,
      number: 1,
      previous: grant.hash,
      cells: grant.payload.cells.map((c) => ({ ...c, epoch: c.epoch + 1 })),
      companions: seedsOf(2, 1),
      issued: NOW,
    },
    patient.keys,
  );
  const held = { ...ending, grant: grant.payload.grant, of: grant.hash };
  const pause = await signStatement('pause', { ...held, number: 1 }, patient.keys);
  const resumption = await signStatement('resumption', { ...held, number: 2 }, patient.keys);
  const withdrawal = await signStatement(
    'withdrawal',
    { ...ending, recipient: clinician.keys.id, request: requestId, of: request.hash, code: 'not-needed' },
    clinician.keys,
  );
  const returned = await signStatement(
    'return',
    { recipient: clinician.keys.id, ...held, code: 'key-replaced' },
    clinician.keys,
  );
  const [readable] = grant.payload.cells;
  const { openings: _openings, request: _request, inbox: _inbox, companions: _companions, ...rest } = grant.payload;
  const grantToAdd = await signStatement(
    'grant',
    { ...rest, grant: id<GrantId>(0x46), right: 'add', cells: [{ ...readable!, kfrags: [] }] },
    patient.keys,
  );
  const chained = { service: SERVICE_KEY, issued: NOW };
  const entry = await signStatement(
    'entry',
    { ...chained, id: patient.keys.id, number: 3, previous: text(0x11, 32), statements: [grant.hash] },
    patient.keys,
  );
  const registration = await signStatement(
    'entry',
    { ...chained, id: clinician.keys.id, number: 1, statements: [identity.hash] },
    clinician.keys,
  );
  const requests = { request, denial, withdrawal };
  const grants = { grant, extension, opening, pause, resumption, revocation, return: returned };
  const byKind = { identity, folder, record, ...requests, ...grants, deletion, entry } satisfies {
    readonly [K in Kind]: Statement<K>;
  };
  return { byKind, grantToAdd, registration };
};

/** The events of the patient's trail that three of the statements cause, as the service writes them. */
const chainOf = ({ folder, request, grant }: Awaited<ReturnType<typeof statementsOf>>['byKind']) => {
  const { patient, recipient } = grant.payload;
  const drafts: readonly EventDraft[] = [
    {
      kind: 'folder-created',
      patient,
      actor: patient,
      subject: { folder: FOLDER, epoch: 1 },
      at: NOW,
      statement: folder.hash,
    },
    {
      kind: 'access-requested',
      patient,
      actor: recipient,
      subject: { request: request.payload.request, folders: [FOLDER], purpose: 'TREAT' },
      at: NOW + 1,
      statement: request.hash,
    },
    granted(grant, {
      caller: patient,
      now: instantOf(NOW + 2),
      nonce: { value: text(0x0f, 16), expires: NOW + MINUTE },
    }),
  ];
  let head = EMPTY_CHAIN;
  return drafts.map((draft) => {
    const { text: event, hash, event: made } = nextEvent(head, draft);
    head = { seq: made.seq, hash };
    return { event, hash };
  });
};

const requestsOf = async (clinician: Person, body: { readonly statement: string; readonly entry: string }) => {
  const time = { now: NOW, nonce: fill(0x0f, 16) };
  const put = {
    method: 'PUT',
    url: `https://records.example.org/v1/identities/${clinician.keys.id}`,
    body: JSON.stringify(body),
  };
  const get = { method: 'GET', url: 'https://records.example.org/v1/requests?as=recipient&limit=10' };
  return {
    put: { ...put, headers: await signRequest({ ...put, body: utf8(put.body) }, clinician.keys, time) },
    get: { ...get, headers: await signRequest(get, clinician.keys, time) },
  };
};

/** Everything that the pages under docs/spec show, as JSON. */
export const buildExamples = async () => {
  const [patient, clinician] = [person(0x00), person(0xff)];
  const { byKind: statements, grantToAdd, registration } = await statementsOf(patient, clinician);
  const held = holdKeys(1, clinician.seed, nextKeyHash(clinician.nextIdentityKey));
  return {
    identities: { patient: describe(patient), clinician: describe(clinician) },
    keyFiles: {
      plain: encodeKeyFile(held),
      sealed: await sealKeyFile(held, 'correct horse battery staple', { rng: (n) => fill(0x10, n) }),
    },
    statements: Object.fromEntries(
      Object.entries(statements).map(([kind, { payload, hash, jws }]) => [kind, { payload, hash, jws }]),
    ),
    grantToAdd: { payload: grantToAdd.payload, hash: grantToAdd.hash, jws: grantToAdd.jws },
    chain: chainOf(statements),
    requests: await requestsOf(clinician, { statement: statements.identity.jws, entry: registration.jws }),
  };
};
export type Examples = Awaited<ReturnType<typeof buildExamples>>;

const block = (language: string, lines: string): string => `\`\`\`${language}\n${lines.trimEnd()}\n\`\`\``;
const fromJws = (jws: string, part: number): string => Buffer.from(jws.split('.')[part]!, 'base64url').toString();

/** Shortens long values of base64url to their beginning and their end. examples.json has the whole values. */
const shortened = (text: string): string =>
  text.replace(/[\w-]{1024,}/g, (value) => `${value.slice(0, 64)}..${value.slice(-32)}`);

const statementBlock = ({ jws, hash }: { readonly jws: string; readonly hash: string }): string => {
  const payload = shortened(fromJws(jws, 1));
  const [header, , signature] = jws.split('.');
  const text = payload === fromJws(jws, 1) ? jws : `${header}.${shortened(jws.split('.')[1]!)}.${signature}`;
  return block('text', `header:  ${fromJws(jws, 0)}\npayload: ${payload}\nhash:    ${hash}\njws:     ${text}`);
};

/** Builds the signature base by RFC 9421 section 2.5, as the page shows it. A test verifies the signature against it. */
export const signatureBase = (request: Examples['requests']['put'] | Examples['requests']['get']): string => {
  const { pathname, search, host } = new URL(request.url);
  const digest = request.headers['content-digest'];
  return [
    `"@method": ${request.method}`,
    `"@authority": ${host}`,
    `"@path": ${pathname}`,
    `"@query": ${search === '' ? '?' : search}`,
    ...(digest === undefined ? [] : [`"content-digest": ${digest}`]),
    `"@signature-params": ${request.headers['signature-input']!.slice('sig1='.length)}`,
  ].join('\n');
};

const requestBlock = (request: Examples['requests']['put'] | Examples['requests']['get']): string => {
  const { pathname, search, host } = new URL(request.url);
  const headers = Object.entries(request.headers).map(([name, value]) => `${name}: ${value}`);
  const lines = [`${request.method} ${pathname}${search} HTTP/1.1`, `host: ${host}`, ...headers];
  const body = 'body' in request ? `\n\n${request.body}` : '';
  return `The signed text:\n\n${block('text', signatureBase(request))}\n\nThe request:\n\n${block('http', `${lines.join('\n')}${body}`)}`;
};

/** The pages with the examples of statements that people sign. */
export const STATEMENT_PAGES = [
  'identity',
  'folders-and-records',
  'requests',
  'grants-and-extensions',
  'grant-pauses-and-ends',
  'openings',
  'entry',
].map((name) => `docs/spec/statements/${name}.md`);
/** The pages that show an example. */
export const EXAMPLE_PAGES = [
  ...STATEMENT_PAGES,
  'docs/spec/identity.md',
  'docs/spec/request-signatures.md',
  'docs/spec/audit.md',
];

/** The examples of the pages, by the name that a marker in the page contains. */
export const exampleBlocks = (e: Examples): Readonly<Record<string, string>> => ({
  ...Object.fromEntries(Object.entries(e.statements).map(([kind, s]) => [kind, statementBlock(s)])),
  'grant-to-add': statementBlock(e.grantToAdd),
  'audit-chain': block('text', e.chain.map(({ event, hash }) => `event: ${event}\nhash:  ${hash}`).join('\n\n')),
  patient: block('json', shortened(JSON.stringify(e.identities.patient, undefined, 2))),
  clinician: block('json', shortened(JSON.stringify(e.identities.clinician, undefined, 2))),
  'key-file': block('json', e.keyFiles.plain),
  'sealed-key-file': block('json', e.keyFiles.sealed),
  'signed-put': requestBlock(e.requests.put),
  'signed-get': requestBlock(e.requests.get),
});

/** Puts each block between its markers in the page, `<!-- example: NAME -->` and `<!-- end -->`. @throws {Error} for a marker that names no example */
export const withExamples = (page: string, blocks: Readonly<Record<string, string>>): string =>
  page.replace(/<!-- example: ([\w-]+) -->[\s\S]*?<!-- end -->/g, (_, name: string) => {
    const content = blocks[name];
    if (content === undefined) throw new Error(`no example is called ${name}`);
    return `<!-- example: ${name} -->\n\n${content}\n\n<!-- end -->`;
  });

/** Whether the signature in the headers is valid for {@link signatureBase}. */
export const signatureHolds = (request: Examples['requests']['put'] | Examples['requests']['get'], key: Uint8Array) =>
  ed25519.verify(
    Buffer.from(/:(.+):/.exec(request.headers['signature']!)![1]!, 'base64'),
    utf8(signatureBase(request)),
    key,
    { zip215: false },
  );
