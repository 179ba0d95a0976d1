// Tests docs/spec/service-statements.md against the code: the members, and an example that is built again.
import { describe, expect, test } from '@jest/globals';
import { p256 } from '@noble/curves/nist.js';
import { compactVerify, importJWK } from 'jose';
import { readFile } from 'node:fs/promises';
import { fromBase64url, toBase64url } from '../../lib/bytes/codec.ts';
import {
  fragmentHash,
  keyIdOf,
  SERVICE_KINDS,
  signAsService,
  verifyServiceStatement,
  type ServiceKind,
} from '../../lib/statements/service-statements.ts';

const page = await readFile(new URL('../../docs/spec/service-statements.md', import.meta.url), 'utf8');
const kinds = Object.keys(SERVICE_KINDS) as ServiceKind[];
const bytes = (n: number, fill: number) => new Uint8Array(n).fill(fill);
const text = (n: number, fill: number) => toBase64url(bytes(n, fill));

const keyOf = (fill: number) => {
  const secret = bytes(32, fill);
  const key = toBase64url(p256.getPublicKey(secret, true));
  return { key, sign: (input: Uint8Array) => Promise.resolve(p256.sign(input, secret)) };
};
const [service, copy] = [keyOf(7), keyOf(8)];
const WHEN = 1_767_225_600_000;

const example = async () => {
  const certificate = { key: copy.key, from: WHEN - 60_000, until: WHEN + 86_400_000 };
  const answer = {
    opening: text(32, 9),
    fragments: [fragmentHash(bytes(105, 1), bytes(381, 2))],
    delegation: { verifying: text(33, 2), delegating: text(33, 2), receiving: text(33, 3), kfrag: text(32, 10) },
    when: WHEN,
  };
  return {
    'proxy-key': { by: service.key, jws: await signAsService('proxy-key', certificate, service) },
    time: { by: copy.key, jws: await signAsService('time', { nonce: text(16, 6), when: WHEN }, copy) },
    recapsulation: { by: copy.key, jws: await signAsService('recapsulation', answer, copy) },
  } as const;
};
const shown = async (): Promise<string> =>
  Object.values(await example())
    .map(({ by, jws }) => {
      const [header, payload] = jws.split('.').map((part) => Buffer.from(part, 'base64url').toString());
      return `\`\`\`text\nkey:     ${by}\nheader:  ${header}\npayload: ${payload}\njws:     ${jws}\n\`\`\``;
    })
    .join('\n\n');

const jwkOf = (key: string) => {
  const point = p256.Point.fromBytes(fromBase64url(key)).toBytes(false);
  return { kty: 'EC', crv: 'P-256', x: toBase64url(point.subarray(1, 33)), y: toBase64url(point.subarray(33)) };
};

describe('docs/spec/service-statements.md', () => {
  test('shows the example that the code makes', async () => {
    const [, block] = /<!-- example -->\n(.*?)<!-- end -->/s.exec(page) ?? [];
    expect(block?.trim()).toBe(await shown());
  });

  test.each(['proxy-key', 'time', 'recapsulation'] as const)('lib and jose verify its %s', async (kind) => {
    const { by, jws } = (await example())[kind];
    expect(page).toContain(jws);
    expect(verifyServiceStatement(kind, jws, by)).toEqual(JSON.parse(atob(jws.split('.')[1]!)));
    const { protectedHeader } = await compactVerify(jws, await importJWK(jwkOf(by), 'ES256'));
    expect(protectedHeader).toEqual({ alg: 'ES256', kid: keyIdOf(by), typ: `pcehr-${kind}+jws` });
  });

  test.each([
    ['none', ''],
    ['of 63 bytes', text(63, 1)],
    ['of 65 bytes', text(65, 1)],
    ['of zeros', text(64, 0)],
    ['beyond the order', text(64, 255)],
    ['of other bytes', text(64, 1)],
  ])('a signature %s is refused as bad', async (_, signature) => {
    const { by, jws } = (await example())['proxy-key'];
    const forged = [...jws.split('.').slice(0, 2), signature].join('.');
    expect(() => verifyServiceStatement('proxy-key', forged, by)).toThrow(
      expect.objectContaining({ name: 'StatementError', code: 'bad-signature' }),
    );
  });

  const membersOf = (after: string): readonly string[] => {
    const table = page.split(after)[1]!.split('\n### ')[0]!.split('| member | type | meaning |')[1]!.split('\n\n')[0]!;
    return [...table.matchAll(/^\| `(\w+)` \|/gm)].map(([, member]) => member!);
  };

  test.each(kinds)('lists the members of a %s', (kind) => {
    expect(membersOf(`\n### ${kind}\n`)).toEqual(Object.keys(SERVICE_KINDS[kind].shape));
  });

  test('lists the members of a delegation', () => {
    expect(membersOf('A `delegation`:')).toEqual(Object.keys(SERVICE_KINDS.recapsulation.shape.delegation.shape));
  });
});
