// Tests the pages under docs/spec against the code: the code produces their examples, and their tables list the members of the schemas.
import { describe, expect, test } from '@jest/globals';
import { compactVerify, importJWK } from 'jose';
import { readFile } from 'node:fs/promises';
import { fromHex, toBase64url, utf8 } from '../../lib/bytes/codec.ts';
import { identityKey, parseIdentityId } from '../../lib/bytes/ids.ts';
import { EMPTY_CHAIN, verifyChain } from '../../lib/domain/audit-chain.ts';
import { verifyRequest } from '../../lib/http/verify-request.ts';
import { openKeyFile } from '../../lib/identity/key-file.ts';
import { generationSeed, rootFromWords } from '../../lib/identity/recovery-words.ts';
import { KINDS, type Kind } from '../../lib/statements/kinds.ts';
import { claimOf, verifyStatement } from '../../lib/statements/verify.ts';
import {
  buildExamples,
  exampleBlocks,
  EXAMPLE_PAGES,
  signatureHolds,
  STATEMENT_PAGES,
  withExamples,
  type Examples,
} from './examples.ts';

const read = (path: string): Promise<string> => readFile(new URL(`../../${path}`, import.meta.url), 'utf8');
const kinds = Object.keys(KINDS) as Kind[];
const published = JSON.parse(await read('test/statements/examples.json')) as Examples;
const statement = (kind: Kind) => published.statements[kind]!;

test('the code makes the published examples', async () => {
  expect(JSON.parse(JSON.stringify(await buildExamples()))).toEqual(published);
});

test.each(EXAMPLE_PAGES)('%s shows the published examples', async (path) => {
  const page = await read(path);
  expect(withExamples(page, exampleBlocks(published))).toBe(page);
});

test('every example is on a page', async () => {
  const all = (await Promise.all(EXAMPLE_PAGES.map(read))).join('\n');
  for (const name of Object.keys(exampleBlocks(published))) expect(all).toContain(`<!-- example: ${name} -->\n`);
  expect(() => withExamples('<!-- example: nothing -->\n<!-- end -->', {})).toThrow('no example is called nothing');
});

test.each(kinds)('the example of a %s verifies, here and with jose', async (kind) => {
  const { jws, hash, payload } = statement(kind);
  const { signer } = claimOf(jws);
  expect([published.identities.patient.id, published.identities.clinician.id]).toContain(signer);
  expect(await verifyStatement(kind, jws, signer)).toEqual({ kind, jws, hash, payload });
  const key = await importJWK({ kty: 'OKP', crv: 'Ed25519', x: toBase64url(identityKey(signer)) }, 'EdDSA');
  expect((await compactVerify(jws, key)).protectedHeader.typ).toBe(`pcehr-${kind}+jws`);
});

test('a grant to add has no key fragments, and verifies', async () => {
  const { jws, payload } = published.grantToAdd;
  expect((await verifyStatement('grant', jws, published.identities.patient.id)).payload).toEqual(payload);
  expect([payload.right, payload.cells.map((c) => c.kfrags)]).toEqual(['add', [[]]]);
});

test('the chain verifies, and names the statements that caused its events', async () => {
  const { id } = published.identities.patient;
  const { events, head } = verifyChain(id, EMPTY_CHAIN, published.chain);
  expect(events.map((e) => [e.kind, e.statement])).toEqual([
    ['folder-created', statement('folder').hash],
    ['access-requested', statement('request').hash],
    ['access-granted', statement('grant').hash],
  ]);
  expect(head).toEqual({ seq: 3, hash: published.chain.at(-1)?.hash });
});

test.each(['put', 'get'] as const)(
  'the signed %s verifies, here and with the signature base on the page',
  async (name) => {
    const request = published.requests[name];
    const { pathname, search, host } = new URL(request.url);
    const incoming = {
      method: request.method,
      authority: host,
      path: pathname,
      rawQuery: search.slice(1),
      headers: request.headers,
      body: 'body' in request ? utf8(request.body) : undefined,
    };
    const { id } = published.identities.clinician;
    expect((await verifyRequest(incoming, { now: 1_767_225_600_000 })).caller).toBe(id);
    expect(signatureHolds(request, identityKey(id))).toBe(true);
  },
);

test('the words give the identities, and the key files contain them', async () => {
  for (const { words, root, seed, id, identityKey: key } of Object.values(published.identities)) {
    expect(rootFromWords(words)).toEqual(fromHex(root));
    expect(generationSeed(fromHex(root), 1)).toEqual(fromHex(seed));
    expect(identityKey(parseIdentityId(id))).toEqual(fromHex(key));
  }
  for (const file of Object.values(published.keyFiles)) {
    const keys = await openKeyFile(file, 'correct horse battery staple');
    expect(keys.seed).toEqual(fromHex(published.identities.clinician.seed));
  }
});

describe('docs/spec/statements', () => {
  /** Returns the section about one kind of statement. It may be on any of the pages. */
  const sectionOf = async (kind: Kind): Promise<string> => {
    const all = (await Promise.all(STATEMENT_PAGES.map(read))).join('\n');
    return all.split(`\n## ${kind}\n`)[1]!.split(/\n#{1,2} /)[0]!;
  };
  const rowsOf = (section: string) =>
    [...section.matchAll(/^\| `(\w+)` +\| ([^|]+?) +\|/gm)].map(([, member, type]) => ({
      member: member!,
      optional: type!.endsWith('optional'),
    }));

  test.each(kinds)('lists exactly the members of a %s, and which are optional', async (kind) => {
    const table = (await sectionOf(kind)).split(/\n(?!\|)(?=.)/).find((part) => part.includes('| `'))!;
    const shape: Record<string, { safeParse: (value: unknown) => { success: boolean } }> = KINDS[kind].payload.shape;
    expect(rowsOf(table)).toEqual(
      Object.entries(shape).map(([member, schema]) => ({ member, optional: schema.safeParse(undefined).success })),
    );
  });

  test('names the signer of every kind, and links its section', async () => {
    const page = await read('docs/spec/statements.md');
    for (const kind of kinds)
      expect(page).toMatch(
        new RegExp(`\\| \\[${kind}\\]\\(statements/[\\w-]+\\.md#${kind}\\) +\\| \`${KINDS[kind].signer}\``),
      );
  });
});
