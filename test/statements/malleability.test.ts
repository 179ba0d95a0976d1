// Tests that a statement has one form: other spellings of the same content, other headers, keys and algorithms are refused.
import { beforeAll, describe, expect, test } from '@jest/globals';
import { CompactSign, compactVerify, importJWK, UnsecuredJWT } from 'jose';
import fc from 'fast-check';
import { fromBase64url, fromUtf8, toBase64url, utf8 } from '../../lib/bytes/codec.ts';
import type { IdentityId } from '../../lib/bytes/ids.ts';
import { MAX_JWS_LENGTH } from '../../lib/statements/jws.ts';
import { signStatement } from '../../lib/statements/sign.ts';
import { claimOf, reloadStatement, verifyStatement } from '../../lib/statements/verify.ts';
import { refusal } from './refusal.ts';
import { fill, patient, rawJws, SAMPLES, stranger } from './samples.ts';

const { payload } = SAMPLES.denial;
const PAYLOAD = JSON.stringify(payload);
const members = { alg: 'EdDSA', kid: patient.id as string, typ: 'pcehr-denial+jws' };
const HEADER = JSON.stringify(members);
const verify = (jws: string, signer: IdentityId = patient.id): Promise<string> =>
  refusal(() => verifyStatement('denial', jws, signer));
/** Verifies a statement with this header and a valid signature, so that only the form of the header can be the reason of a refusal. */
const withHeader = (header: unknown) =>
  verify(rawJws(typeof header === 'string' ? header : JSON.stringify(header), PAYLOAD, patient));
const withPayload = (text: string) => verify(rawJws(HEADER, text, patient));

let jws = '';
let parts: [string, string, string] = ['', '', ''];
beforeAll(async () => {
  ({ jws } = await signStatement('denial', payload, patient));
  parts = jws.split('.') as typeof parts;
});

test('the unchanged statement is accepted', async () => {
  expect(rawJws(HEADER, PAYLOAD, patient)).toBe(jws);
  expect(await verify(jws)).toBe('accepted');
});

describe('the compact form', () => {
  test.each([
    ['padding on the header', () => `${parts[0]}=.${parts[1]}.${parts[2]}`],
    ['padding on the signature', () => `${jws}==`],
    ['a line end', () => `${jws}\n`],
    ['a leading space', () => ` ${jws}`],
    ['a space inside', () => jws.replace('.', '. ')],
    ['a fourth part', () => `${jws}.`],
    ['two parts', () => `${parts[0]}.${parts[1]}`],
    ['nothing', () => ''],
    ['an empty header', () => `.${parts[1]}.${parts[2]}`],
    ['letters of the other base64 alphabet', () => jws.replaceAll('_', '/').replaceAll('-', '+') + '+'],
    ['more than the longest statement', () => `${parts[0]}.${'A'.repeat(MAX_JWS_LENGTH)}.${parts[2]}`],
    ['a byte order mark', () => `\ufeff${jws}`],
    ['bytes that are not UTF-8', () => `${toBase64url(Uint8Array.of(0xff))}.${parts[1]}.${parts[2]}`],
  ])('%s is malformed', async (_, make) => expect(await verify(make())).toBe('malformed'));

  test('refuses spare bits in the last letter of a part', async () => {
    // 64 bytes end in a letter with 4 spare bits, so 15 other letters decode to the same signature elsewhere.
    const alphabet = 'ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_';
    const last = alphabet.indexOf(jws.at(-1)!);
    for (let spare = 1; spare < 16; spare++)
      expect(await verify(jws.slice(0, -1) + alphabet[last + spare]!)).toBe('malformed');
  });

  test('refuses an empty payload, and an empty, short or long signature', async () => {
    expect(await verify(`${parts[0]}..${parts[2]}`)).toBe('bad-signature');
    for (const signature of ['', parts[2].slice(0, 84), toBase64url(fill(0, 65))])
      expect(await verify(`${parts[0]}.${parts[1]}.${signature}`)).toBe('bad-signature');
  });

  test('refuses any changed letter', async () => {
    await fc.assert(
      fc.asyncProperty(fc.nat({ max: jws.length - 1 }), fc.constantFrom(...Array.from('AbC9-_.=')), async (at, c) => {
        fc.pre(jws[at] !== c);
        expect(await verify(jws.slice(0, at) + c + jws.slice(at + 1))).not.toBe('accepted');
      }),
      { numRuns: 200 },
    );
  });
});

describe('the header', () => {
  const { alg, kid, typ } = members;
  test.each<[string, unknown]>([
    ['members in another order', { typ, alg, kid }],
    ['white space', HEADER.replace(',', ', ')],
    ['a doubled member', HEADER.replace('{', '{"alg":"EdDSA",')],
    ['a doubled member that differs', HEADER.replace('{', '{"alg":"none",')],
    ['an escaped letter', HEADER.replace('EdDSA', '\\u0045dDSA')],
    ['an extra member', { ...members, cty: 'json' }],
    ['a key of its own (jwk)', { ...members, jwk: { kty: 'OKP', crv: 'Ed25519', x: toBase64url(stranger.publicKey) } }],
    ['a prototype', HEADER.replace('{', '{"__proto__":{},')],
    ['crit', { alg, crit: ['b64'], kid, typ }],
    ['crit and b64', { alg, b64: false, crit: ['b64'], kid, typ }],
    ['crit, empty', { alg, crit: [], kid, typ }],
    ['no typ', { alg, kid }],
    ['no kid', { alg, typ }],
    ['typ of another kind', { alg, kid, typ: 'pcehr-grant+jws' }],
    ['typ of no kind', { alg, kid, typ: 'pcehr-x+jws' }],
    ['typ JWT', { alg, kid, typ: 'JWT' }],
    ['typ as a media type', { alg, kid, typ: 'application/pcehr-denial+jws' }],
    ['typ in upper case', { alg, kid, typ: typ.toUpperCase() }],
    ['alg none', { ...members, alg: 'none' }],
    ['alg HS256', { ...members, alg: 'HS256' }],
    ['alg ES256', { ...members, alg: 'ES256' }],
    ['alg Ed25519', { ...members, alg: 'Ed25519' }],
    ['alg eddsa', { ...members, alg: 'eddsa' }],
    ['kid that is no text', { ...members, kid: 1 }],
    ['an array', []],
    ['null', null],
    ['a text', '"EdDSA"'],
    ['no JSON', '{'],
    ['nothing', ''],
  ])('%s is malformed', async (_, header) => expect(await withHeader(header)).toBe('malformed'));

  test('answers wrong-signer if kid is another signer or in upper case', async () => {
    expect(await withHeader({ ...members, kid: stranger.id })).toBe('wrong-signer');
    expect(await withHeader({ ...members, kid: patient.id.toUpperCase() })).toBe('wrong-signer');
  });

  test('the expected signer counts, not kid: a stranger cannot sign in the name of the patient', async () => {
    expect(await verify(rawJws(HEADER, PAYLOAD, stranger))).toBe('bad-signature');
    const own = JSON.stringify({ ...members, kid: stranger.id });
    expect(await verify(rawJws(own, PAYLOAD, stranger))).toBe('wrong-signer');
    expect(await verify(rawJws(own, PAYLOAD, stranger), stranger.id)).toBe('wrong-signer');
  });

  test('refuses all other algorithms of jose', async () => {
    const sign = (alg: string, key: Parameters<CompactSign['sign']>[0]) =>
      new CompactSign(utf8(PAYLOAD)).setProtectedHeader({ ...members, alg }).sign(key);
    // The classic confusion of algorithms: the public key is used as the secret of a MAC.
    expect(await verify(await sign('HS256', patient.publicKey))).toBe('malformed');
    const ec = await crypto.subtle.generateKey({ name: 'ECDSA', namedCurve: 'P-256' }, false, ['sign', 'verify']);
    expect(await verify(await sign('ES256', ec.privateKey))).toBe('malformed');
    expect(await verify(new UnsecuredJWT(payload).encode())).toBe('malformed');
    const none = toBase64url(utf8(JSON.stringify({ ...members, alg: 'none' })));
    expect(await verify(`${none}.${parts[1]}.`)).toBe('malformed');
  });
});

describe('the payload', () => {
  const first = PAYLOAD.slice(1, PAYLOAD.indexOf(',') + 1);
  test.each([
    ['white space', PAYLOAD.replace(',', ', ')],
    ['a line end', `${PAYLOAD}\n`],
    ['a doubled member', `{${first}${PAYLOAD.slice(1)}`],
    ['a doubled member that differs', PAYLOAD.replace('{', '{"when":0,')],
    ['a number with a point', PAYLOAD.replace(String(payload.when), `${payload.when}.0`)],
    ['a number with an exponent', PAYLOAD.replace(String(payload.when), '1e12')],
    ['minus zero', PAYLOAD.replace(String(payload.when), '-0')],
    ['a number beyond doubles', PAYLOAD.replace(String(payload.when), '9007199254740993')],
    ['an escaped slash', PAYLOAD.replace('declined', 'declin\\/ed')],
    ['an escaped letter', PAYLOAD.replace('declined', '\\u0064eclined')],
    ['a byte order mark', `\ufeff${PAYLOAD}`],
    ['no JSON', 'denied'],
    ['nesting deeper than the stack', '['.repeat(20_000) + ']'.repeat(20_000)],
  ])('with %s is malformed', async (_, text) => expect(await withPayload(text)).toBe('malformed'));

  test.each([
    ['a prototype', PAYLOAD.replace('{', '{"__proto__":{"code":"other"},')],
    ['an additional member', PAYLOAD.replace('{', '{"note":"",')],
    ['an array', '[]'],
    ['null', 'null'],
    ['a number', '1'],
    ['a fraction where an integer belongs', PAYLOAD.replace(String(payload.when), '1.5')],
    ['a time beyond 13 digits', PAYLOAD.replace(String(payload.when), '10000000000000')],
    ['a hash of 31 bytes', JSON.stringify({ ...payload, of: toBase64url(fill(1, 31)) })],
    ['a hash with spare bits', JSON.stringify({ ...payload, of: payload.of.slice(0, 42) + 'F' })],
    ['a hash with padding', JSON.stringify({ ...payload, of: `${payload.of}=` })],
    ['an id in upper case', JSON.stringify({ ...payload, request: payload.request.toUpperCase() })],
    ['a code that is not listed', JSON.stringify({ ...payload, code: 'no' })],
    ['a patient in upper case', JSON.stringify({ ...payload, patient: patient.id.toUpperCase() })],
  ])('that is or has %s is bad', async (_, text) => expect(await withPayload(text)).toBe('bad-payload'));

  test('refuses members in another order, because the same content would have a second hash', async () => {
    const reversed = rawJws(HEADER, JSON.stringify(Object.fromEntries(Object.entries(payload).reverse())), patient);
    const statement = await verifyStatement('denial', reversed, patient.id);
    expect(statement.payload).toEqual(payload);
    expect(statement.hash).not.toBe((await verifyStatement('denial', jws, patient.id)).hash);
  });

  test('the refusal names the member and repeats no content', async () => {
    const text = JSON.stringify({ ...payload, request: 'private', of: payload.of });
    await expect(verifyStatement('denial', rawJws(HEADER, text, patient), patient.id)).rejects.toThrow(/^bad request$/);
    const extra = PAYLOAD.replace('{', '{"private":1,');
    await expect(verifyStatement('denial', rawJws(HEADER, extra, patient), patient.id)).rejects.toThrow(
      /^bad private$/,
    );
  });
});

describe('a public name', () => {
  const { payload: sample, signer } = SAMPLES.identity;
  const sign = (name: string) => refusal(() => signStatement('identity', { ...sample, name }, signer));
  test.each(['a', 'Ärztehaus Süd', '市立病院', "St. Mary's", 'x'.repeat(120), 'नेत्रालय'])(
    '%j is accepted',
    async (name) => expect(await sign(name)).toBe('accepted'),
  );
  test.each([
    ['nothing', ''],
    ['121 units', 'x'.repeat(121)],
    ['a line end', 'a\nb'],
    ['half a surrogate pair', 'a\ud800b'],
    ['a direction mark', 'a\u202eb'],
    ['a space at the end', 'a '],
    ['a space at the start', ' a'],
  ])('%s is not', async (_, name) => expect(await sign(name)).toBe('bad-payload'));
});

describe('statements that jose accepts', () => {
  const key = () => importJWK({ kty: 'OKP', crv: 'Ed25519', x: toBase64url(patient.publicKey) }, 'EdDSA');
  const joseTakes = async (text: string) => (await compactVerify(text, await key())).payload.length > 0;

  // jose accepts these two statements, so verifyStatement has to check their form itself. If a later jose refuses them, this test reports it.
  test('doubled members and white space are accepted by jose and refused here', async () => {
    const doubled = rawJws(HEADER.replace('{', '{"alg":"none",'), PAYLOAD, patient);
    expect(await joseTakes(doubled)).toBe(true);
    expect(await verify(doubled)).toBe('malformed');
    const spaced = rawJws(HEADER, ` ${PAYLOAD}`, patient);
    expect(await joseTakes(spaced)).toBe(true);
    expect(await verify(spaced)).toBe('malformed');
  });
});

describe('claims', () => {
  test('are read only from a header of the right form', async () => {
    expect(claimOf(jws)).toEqual({ kind: 'denial', signer: patient.id });
    const text = JSON.stringify({ ...members, kid: 'nobody' });
    expect(await refusal(() => claimOf(rawJws(text, PAYLOAD, patient)))).toBe('malformed');
    expect(await refusal(() => claimOf(rawJws('{}', PAYLOAD, patient)))).toBe('malformed');
  });

  test('claimOf and reloadStatement check no signature, as documented', () => {
    const forged = rawJws(HEADER, PAYLOAD, stranger);
    expect(claimOf(forged).signer).toBe(patient.id);
    expect(reloadStatement('denial', forged).payload).toEqual(payload);
  });

  test('a damaged item does not reload', async () => {
    expect(await refusal(() => reloadStatement('denial', rawJws(HEADER, '{}', patient)))).toBe('bad-payload');
    expect(await refusal(() => reloadStatement('denial', jws.slice(0, 40)))).toBe('malformed');
  });
});

test('throws only its own errors, for any input', async () => {
  const json = fc.json({ maxDepth: 3 });
  const texts = fc.oneof(
    fc.string({ maxLength: 200 }),
    fc.tuple(json, json).map(([h, p]) => rawJws(h, p, patient)),
    json.map((p) => rawJws(HEADER, p, patient)),
    fc.record({ patient: fc.anything(), request: fc.anything(), of: fc.anything(), code: fc.anything() }).map((p) => {
      const text = (() => {
        try {
          return JSON.stringify(p);
        } catch {
          return '{}';
        }
      })();
      return rawJws(HEADER, text, patient);
    }),
    fc.uint8Array({ maxLength: 100 }).map((b) => `${parts[0]}.${toBase64url(b)}.${parts[2]}`),
  );
  await fc.assert(
    fc.asyncProperty(texts, async (text) => {
      expect(await verify(text)).not.toBe('accepted');
      await refusal(() => claimOf(text));
      await refusal(() => reloadStatement('denial', text));
    }),
    { numRuns: 300 },
  );
});

test('every accepted statement has the canonical form', () => {
  for (const part of parts.slice(0, 2)) {
    const text = fromUtf8(fromBase64url(part));
    expect(JSON.stringify(JSON.parse(text))).toBe(text);
  }
});
