// Tests request signatures: lib/identity/http-signature.ts signs, lib/http/verify-request.ts verifies, and both are compared with a signature base that the
// test builds by RFC 9421 section 2.5 and signs with the platform's Ed25519.
import { describe, expect, test } from '@jest/globals';
import fc from 'fast-check';
import { createHash, createPublicKey, sign as nodeSign, createPrivateKey, verify as nodeVerify } from 'node:crypto';
import { fromBase64url, toBase64url, utf8 } from '../../lib/bytes/codec.ts';
import { identityId } from '../../lib/bytes/ids.ts';
import { HttpSignatureError, verifyRequest, type IncomingRequest } from '../../lib/http/verify-request.ts';
import { IdentityError } from '../../lib/identity/errors.ts';
import { signRequest } from '../../lib/identity/http-signature.ts';
import { verifyEd25519 } from '../../lib/statements/ed25519.ts';
import { clinician, fill, patient, stranger } from '../statements/samples.ts';

const NOW = 1_767_225_600_500;
const CREATED = 1_767_225_600;
const NONCE = toBase64url(fill(4, 16));
const BODY = utf8('{"statement":"x"}');
const base = 'https://records.example.org';
const path = '/v1/requests/aaaaaaaaaaaaaaaaaaaaaaaaaa/approval';
const incoming: Omit<IncomingRequest, 'headers'> = {
  method: 'POST',
  authority: 'records.example.org',
  path,
  rawQuery: '',
  body: BODY,
};
const digestOf = (body: Uint8Array) => `sha-256=:${createHash('sha256').update(body).digest('base64')}:`;

const signed = (over: Partial<{ method: string; url: string; body: Uint8Array }> = {}) =>
  signRequest({ method: 'POST', url: base + path, body: BODY, ...over }, patient, { now: NOW, nonce: fill(4, 16) });
const outcome = async (
  headers: IncomingRequest['headers'],
  over: Partial<IncomingRequest> = {},
  now = NOW,
): Promise<string> => {
  try {
    await verifyRequest({ ...incoming, headers, ...over }, { now });
    return 'accepted';
  } catch (error) {
    if (error instanceof HttpSignatureError)
      return error.clock === undefined ? error.code : `${error.code} ${error.clock}`;
    throw error;
  }
};

/** Builds the signature base for this inner list by RFC 9421, and signs it with Node's Ed25519. `values` are the lines before "@signature-params". */
const handSigned = (
  params: string,
  values: readonly (readonly [component: string, value: string])[],
  seed = 1,
  label = 'sig1',
): { 'signature-input': string; signature: string } => {
  const text = [...values.map(([c, v]) => `${c}: ${v}`), `"@signature-params": ${params}`].join('\n');
  const pkcs8 = Buffer.concat([Buffer.from('302e020100300506032b657004220420', 'hex'), fill(seed, 32)]);
  const key = createPrivateKey({ key: pkcs8, format: 'der', type: 'pkcs8' });
  const signature = nodeSign(null, Buffer.from(text), key).toString('base64');
  return { 'signature-input': `${label}=${params}`, signature: `${label}=:${signature}:` };
};
const LINES = [
  ['"@method"', 'POST'],
  ['"@authority"', 'records.example.org'],
  ['"@path"', path],
  ['"@query"', '?'],
  ['"content-digest"', digestOf(BODY)],
] as const;
const LIST = `(${LINES.map(([c]) => c).join(' ')})`;
const PARAMS = `;created=${CREATED};expires=${CREATED + 60};nonce="${NONCE}";keyid="${patient.id}";tag="pcehr"`;
const byHand = (params = PARAMS, lines: readonly (readonly [string, string])[] = LINES, seed = 1) => ({
  ...handSigned(`(${lines.map(([c]) => c).join(' ')})${params}`, lines, seed),
  'content-digest': digestOf(BODY),
});

describe('signRequest', () => {
  test('covers all required components in the form of RFC 9421, and another implementation verifies it', async () => {
    const headers = await signed();
    expect(Object.keys(headers).sort()).toEqual(['content-digest', 'signature', 'signature-input']);
    expect(headers['content-digest']).toBe(digestOf(BODY));
    expect(headers['signature-input']).toBe(`sig1=${LIST}${PARAMS}`);
    const text = [...LINES.map(([c, v]) => `${c}: ${v}`), `"@signature-params": ${LIST}${PARAMS}`].join('\n');
    const jwk = { kty: 'OKP', crv: 'Ed25519', x: toBase64url(patient.publicKey) };
    const signature = Buffer.from(/^sig1=:(.*):$/.exec(headers['signature']!)![1]!, 'base64');
    expect(nodeVerify(null, Buffer.from(text), createPublicKey({ key: jwk, format: 'jwk' }), signature)).toBe(true);
  });

  test('gives verifyRequest the identity, the nonce and the expiry', async () => {
    const request = { ...incoming, headers: await signed() };
    expect(await verifyRequest(request, { now: NOW })).toEqual({
      caller: patient.id,
      nonce: NONCE,
      expires: (CREATED + 60) * 1000,
    });
  });

  test('without a body, or with an empty one, leaves the digest out', async () => {
    for (const body of [undefined, new Uint8Array(0)]) {
      const headers = await signRequest({ method: 'GET', url: `${base}/v1/chain?limit=5`, body }, patient, {
        now: NOW,
      });
      expect(Object.keys(headers).sort()).toEqual(['signature', 'signature-input']);
      expect(headers['signature-input']).toContain('("@method" "@authority" "@path" "@query");');
      const get = { method: 'GET', path: '/v1/chain', rawQuery: 'limit=5', body };
      expect(await outcome(headers, get)).toBe('accepted');
      expect(await outcome(headers, { ...get, rawQuery: '' })).toBe('signature-invalid');
    }
  });

  test('draws a new nonce each time, from the given source', async () => {
    const make = (rng?: (n: number) => Uint8Array) =>
      signRequest({ method: 'GET', url: base }, patient, { now: NOW, ...(rng ? { rng } : {}) });
    expect((await make())['signature-input']).not.toBe((await make())['signature-input']);
    expect((await make((n) => fill(4, n)))['signature-input']).toContain(`nonce="${NONCE}"`);
  });

  test('signs the URL as it is sent: host in lower case, no default port, an empty path is /', async () => {
    const headers = await signed({ url: 'https://RECORDS.example.org:443' });
    expect(await outcome(headers, { path: '/' })).toBe('accepted');
    const local = await signed({ url: 'http://127.0.0.1:3000/v1/health?' });
    expect(await outcome(local, { authority: '127.0.0.1:3000', path: '/v1/health' })).toBe('accepted');
  });

  test.each(['records.example.org', '/v1', 'ftp://a/b', 'https://a/b#c', 'https://user@a/b', 'https://:pass@a/b'])(
    'refuses the URL %s',
    async (url) => {
      await expect(signed({ url })).rejects.toThrow(IdentityError);
      await expect(signed({ url })).rejects.toMatchObject({ code: 'bad-url' });
    },
  );
});

describe('verifyRequest', () => {
  test('accepts a signature that was built from the RFC', async () => {
    expect(await outcome(byHand())).toBe('accepted');
    expect(await outcome(byHand(`${PARAMS};alg="ed25519"`))).toBe('accepted');
  });

  test('accepts any label, any order of components and parameters, and header names in any case', async () => {
    const [lines, params] = [[...LINES].reverse(), PARAMS.split(';').slice(1).reverse().join(';')];
    expect(await outcome(byHand(`;${params}`, lines))).toBe('accepted');
    const { 'signature-input': input, signature, 'content-digest': digest } = byHand();
    const renamed = {
      'Signature-Input': input.replace('sig1', 'x'),
      SIGNATURE: signature.replace('sig1', 'x'),
      'Content-Digest': digest,
      other: undefined,
    };
    expect(await outcome(renamed)).toBe('accepted');
  });

  test.each<[string, Partial<IncomingRequest>]>([
    ['method', { method: 'PUT' }],
    ['method in lower case', { method: 'post' }],
    ['authority', { authority: 'evil.example.org' }],
    ['port', { authority: 'records.example.org:8443' }],
    ['path', { path: `${path}/` }],
    ['query', { rawQuery: 'a=1' }],
    ['body', { body: utf8('{"statement":"y"}') }],
    ['no body', { body: undefined }],
    ['empty body', { body: new Uint8Array(0) }],
  ])('another %s is refused', async (_, over) => {
    expect(await outcome(await signed(), over)).toBe('signature-invalid');
  });

  test('the borders between path, query and fragment are signed', async () => {
    const headers = await signRequest({ method: 'GET', url: `${base}/v1/a?b=c` }, patient, { now: NOW });
    const get = { method: 'GET', body: undefined };
    expect(await outcome(headers, { ...get, path: '/v1/a', rawQuery: 'b=c' })).toBe('accepted');
    for (const [moved, rawQuery] of [
      ['/v1/a?b=c', ''],
      ['/v1/a', 'b=c#d'],
      ['/v1/a#', 'b=c'],
      ['v1/a', 'b=c'],
      ['/v1/a\n', 'b=c'],
      ['/v1/a', 'b=c\n"@path": /v1/b'],
      ['/v1/ä', 'b=c'],
    ] as const)
      expect(await outcome(headers, { ...get, path: moved, rawQuery })).toBe('signature-invalid');
  });

  test('ignores the Host header of the request', async () => {
    const headers = { ...(await signed()), host: 'evil.example.org', 'x-forwarded-host': 'evil.example.org' };
    expect(await outcome(headers)).toBe('accepted');
    expect(await outcome({ ...headers, host: 'records.example.org' }, { authority: 'other' })).toBe(
      'signature-invalid',
    );
  });

  test('a request without a signature is `unsigned`, one with half a signature is invalid', async () => {
    const { signature, 'signature-input': input, ...rest } = await signed();
    expect(await outcome(rest)).toBe('unsigned');
    expect(await outcome({})).toBe('unsigned');
    expect(await outcome({ ...rest, signature })).toBe('signature-invalid');
    expect(await outcome({ ...rest, 'signature-input': input })).toBe('signature-invalid');
  });

  test.each([
    ['nothing', ''],
    ['no tag', PARAMS.replace(';tag="pcehr"', '')],
    ['another tag', PARAMS.replace('"pcehr"', '"web-bot-auth"')],
    ['tag as a token', PARAMS.replace('"pcehr"', 'pcehr')],
    ['no created', PARAMS.replace(/;created=\d+/, '')],
    ['no expires', PARAMS.replace(/;expires=\d+/, '')],
    ['expires at created', PARAMS.replace(/expires=\d+/, `expires=${CREATED}`)],
    ['expires before created', PARAMS.replace(/expires=\d+/, `expires=${CREATED - 1}`)],
    ['61 seconds of life', PARAMS.replace(/expires=\d+/, `expires=${CREATED + 61}`)],
    ['created as a decimal', PARAMS.replace(/created=\d+/, `created=${CREATED}.5`)],
    ['created as a text', PARAMS.replace(/created=(\d+)/, 'created="$1"')],
    ['created twice', `;created=1${PARAMS}`],
    ['no nonce', PARAMS.replace(/;nonce="[^"]*"/, '')],
    ['a nonce of 15 bytes', PARAMS.replace(NONCE, toBase64url(fill(4, 15)))],
    ['a nonce of 17 bytes', PARAMS.replace(NONCE, toBase64url(fill(4, 17)))],
    ['a nonce with spare bits', PARAMS.replace(NONCE, NONCE.slice(0, -1) + 'R')],
    ['a nonce with padding', PARAMS.replace(NONCE, `${NONCE}==`)],
    ['a nonce of bytes', PARAMS.replace(/nonce="[^"]*"/, 'nonce=:BAQEBAQEBAQEBAQEBAQEBA==:')],
    ['no keyid', PARAMS.replace(/;keyid="[^"]*"/, '')],
    ['a keyid in upper case', PARAMS.replace(patient.id, patient.id.toUpperCase())],
    ['a keyid that is no id', PARAMS.replace(patient.id, 'patient')],
    ['a key of small order', PARAMS.replace(patient.id, identityId(Uint8Array.of(1, ...fill(0, 31))))],
    ["another identity's key", PARAMS.replace(patient.id, stranger.id)],
    ['another algorithm', `${PARAMS};alg="hmac-sha256"`],
    ['alg as a token', `${PARAMS};alg=ed25519`],
    ['an unknown parameter', `${PARAMS};x=1`],
    ['an unknown parameter without a value', `${PARAMS};x`],
    ['a date', `${PARAMS};x=@1`],
  ])('parameters with %s are refused, though signed', async (_, params) =>
    expect(await outcome(byHand(params))).toBe('signature-invalid'),
  );

  const without = (name: string) => LINES.filter(([c]) => c !== `"${name}"`);
  test.each<[string, readonly (readonly [string, string])[]]>([
    ['no method', without('@method')],
    ['no authority', without('@authority')],
    ['no path', without('@path')],
    ['no query', without('@query')],
    ['no digest', without('content-digest')],
    ['nothing', []],
    ['the target in place of its parts', [['"@target-uri"', base + path], ...LINES.slice(4)]],
    ['an additional component', [...LINES, ['"@scheme"', 'https']]],
    ['an additional header', [...LINES, ['"x"', '1']]],
    ['a component twice', [...LINES, ['"@method"', 'POST']]],
    ['a component with the parameter req', [['"@method";req', 'POST'], ...LINES.slice(1)]],
    ['one member of the digest', [...LINES.slice(0, 4), ['"content-digest";key="sha-256"', digestOf(BODY).slice(8)]]],
    ['the digest as a structured field', [...LINES.slice(0, 4), ['"content-digest";sf', digestOf(BODY)]]],
    ['the digest as bytes', [...LINES.slice(0, 4), ['"content-digest";bs', `:${btoa(digestOf(BODY))}:`]]],
    ['upper case', [['"@METHOD"', 'POST'], ...LINES.slice(1)]],
  ])('covering %s is refused, though signed', async (_, lines) =>
    expect(await outcome({ ...byHand(PARAMS, lines), x: '1' })).toBe('signature-invalid'),
  );

  describe('bodies', () => {
    test('a body without content-digest is refused, though the rest is signed', async () => {
      const { 'content-digest': _, ...headers } = byHand(PARAMS, LINES.slice(0, 4));
      expect(await outcome(headers)).toBe('signature-invalid');
      expect(await outcome(headers, { body: undefined })).toBe('accepted');
    });

    test('a content-digest that is not covered is refused', async () => {
      expect(await outcome(byHand(PARAMS, LINES.slice(0, 4)))).toBe('signature-invalid');
      expect(await outcome(byHand(PARAMS, LINES.slice(0, 4)), { body: undefined })).toBe('signature-invalid');
    });

    test.each([
      ['another algorithm', `sha-512=:${createHash('sha512').update(BODY).digest('base64')}:`],
      ['two digests', `${digestOf(BODY)}, ${digestOf(utf8('other'))}`],
      ['the same digest twice', `${digestOf(BODY)},${digestOf(BODY)}`],
      ['a parameter', `${digestOf(BODY)};x`],
      ['no padding', digestOf(BODY).replace('=:', ':')],
      ['nothing', ''],
    ])('a digest with %s is refused, though signed', async (_, digest) => {
      const lines = [...LINES.slice(0, 4), ['"content-digest"', digest] as const];
      expect(await outcome({ ...byHand(PARAMS, lines), 'content-digest': digest })).toBe('signature-invalid');
    });
  });

  describe('exactly one signature', () => {
    // The last letter of a signature in base64 is A, Q, g or w. It has four unused bits, so a lenient decoder reads the next letter as the same bytes.
    const nextLetter = (letter: string) => String.fromCharCode(letter.charCodeAt(0) + 1);
    const other = handSigned(`${LIST}${PARAMS.replace(patient.id, clinician.id)}`, LINES, 2, 'sig2');
    const one = byHand();
    test.each<[string, IncomingRequest['headers']]>([
      [
        'two signatures',
        {
          ...one,
          signature: `${one.signature}, ${other.signature}`,
          'signature-input': `${one['signature-input']}, ${other['signature-input']}`,
        },
      ],
      ['two lines with one label', { ...one, signature: `${one.signature},${one.signature}` }],
      [
        'two inputs with one label',
        { ...one, 'signature-input': `${one['signature-input']},${one['signature-input']}` },
      ],
      ['a signature without input', { ...one, signature: `${one.signature}, ${other.signature}` }],
      ['an input without signature', { ...one, 'signature-input': `${one['signature-input']}, x=()` }],
      ['labels that differ', { ...one, signature: one.signature.replace('sig1', 'sig2') }],
      ['one name in two cases', { ...one, Signature: one.signature }],
      ['a signature that is no byte sequence', { ...one, signature: 'sig1="x"' }],
      ['a signature with parameters', { ...one, signature: `${one.signature};x=1` }],
      ['an empty signature', { ...one, signature: 'sig1=::' }],
      [
        'a signature with spare bits',
        { ...one, signature: one.signature.replace(/(.)==:$/, (_, c: string) => `${nextLetter(c)}==:`) },
      ],
      ['an input that is no list', { ...one, 'signature-input': 'sig1=1' }],
      ['empty headers', { ...one, 'signature-input': '', signature: '' }],
      ["another identity's signature", { ...one, signature: other.signature.replace('sig2', 'sig1') }],
    ])('%s: refused', async (_, headers) => expect(await outcome(headers)).toBe('signature-invalid'));
  });

  describe('time', () => {
    test('a difference of a minute is accepted, a millisecond more is clock skew', async () => {
      const headers = await signed();
      expect(await outcome(headers, {}, (CREATED - 60) * 1000)).toBe('accepted');
      expect(await outcome(headers, {}, (CREATED - 60) * 1000 - 1)).toBe('clock-skew ahead');
      expect(await outcome(headers, {}, (CREATED + 120) * 1000)).toBe('accepted');
      expect(await outcome(headers, {}, (CREATED + 120) * 1000 + 1)).toBe('clock-skew behind');
    });

    test('a signature with less than 60 seconds expires earlier', async () => {
      const headers = byHand(PARAMS.replace(/expires=\d+/, `expires=${CREATED + 5}`));
      expect(await outcome(headers, {}, (CREATED + 65) * 1000)).toBe('accepted');
      expect(await outcome(headers, {}, (CREATED + 66) * 1000)).toBe('clock-skew behind');
    });
  });

  test('one changed character of either header is never accepted with another meaning', async () => {
    const headers = byHand();
    await fc.assert(
      fc.asyncProperty(
        fc.constantFrom('signature', 'signature-input', 'content-digest'),
        fc.nat(),
        fc.constantFrom(...Array.from('aZ09="; (),:@-_')),
        async (name, at, c) => {
          const value = headers[name];
          const i = at % value.length;
          fc.pre(value[i] !== c);
          const changed = value.slice(0, i) + c + value.slice(i + 1);
          expect(await outcome({ ...headers, [name]: changed })).not.toBe('accepted');
        },
      ),
      { numRuns: 300 },
    );
  });

  test('throws only its own errors, for any input', async () => {
    const value = fc.option(fc.oneof(fc.string(), fc.constantFrom(...Object.values(byHand()))), { nil: undefined });
    const requests = fc.record({
      method: fc.string(),
      path: fc.oneof(fc.string(), fc.constant(path)),
      rawQuery: fc.oneof(fc.string(), fc.constant('')),
      body: fc.option(fc.uint8Array(), { nil: undefined }),
      headers: fc.record({ signature: value, 'signature-input': value, 'content-digest': value }),
    });
    await fc.assert(
      fc.asyncProperty(requests, async ({ headers, ...over }) => {
        expect(await outcome(headers, over)).not.toBe('accepted');
      }),
      { numRuns: 500 },
    );
  });

  test('accepts any method, path, query and body that is signed', async () => {
    const word = fc.stringMatching(/^[A-Za-z0-9_-]{1,12}$/);
    await fc.assert(
      fc.asyncProperty(
        fc.constantFrom('GET', 'PUT', 'POST'),
        fc.array(word, { maxLength: 5 }),
        fc.array(fc.tuple(word, word), { maxLength: 3 }),
        fc.option(fc.uint8Array({ minLength: 1 }), { nil: undefined }),
        async (method, segments, pairs, body) => {
          const rawQuery = pairs.map(([k, v]) => `${k}=${v}`).join('&');
          const target = `/${segments.join('/')}`;
          const url = `${base}${target}${rawQuery === '' ? '' : `?${rawQuery}`}`;
          const headers = await signRequest({ method, url, body }, clinician, { now: NOW });
          const request = { ...incoming, method, path: target, rawQuery, body, headers };
          expect((await verifyRequest(request, { now: NOW })).caller).toBe(clinician.id);
        },
      ),
      { numRuns: 50 },
    );
  });
});

test('the example of RFC 9421 appendix B.2.6 verifies, by the same primitive', () => {
  const text = [
    '"date": Tue, 20 Apr 2021 02:07:55 GMT',
    '"@method": POST',
    '"@path": /foo',
    '"@authority": example.com',
    '"content-type": application/json',
    '"content-length": 18',
    '"@signature-params": ("date" "@method" "@path" "@authority" "content-type" "content-length");created=1618884473;keyid="test-key-ed25519"',
  ].join('\n');
  const signature = Buffer.from(
    'wqcAqbmYJ2ji2glfAMaRy4gruYYnx2nEFN2HN6jrnDnQCK1u02Gb04v9EDgwUPiu4A0w6vuQv5lIp5WPpBKRCw==',
    'base64',
  );
  const key = fromBase64url('JrQLj5P_89iXES9-vFgrIy29clF9CC_oPPsw3c5D0bs');
  expect(verifyEd25519(signature, utf8(text), key)).toBe(true);
  expect(verifyEd25519(signature, utf8(text.replace('/foo', '/bar')), key)).toBe(false);
});
