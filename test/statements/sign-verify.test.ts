// Tests signing and verifying of every kind of statement, also against jose.
import { describe, expect, test } from '@jest/globals';
import { base64url, CompactSign, compactVerify, importJWK } from 'jose';
import fc from 'fast-check';
import { toBase64url, utf8 } from '../../lib/bytes/codec.ts';
import { KINDS, type Kind } from '../../lib/statements/kinds.ts';
import { signStatement } from '../../lib/statements/sign.ts';
import { claimOf, reloadStatement, statementHash, verifyStatement } from '../../lib/statements/verify.ts';
import { refusal } from './refusal.ts';
import { clinician, fill, patient, rawJws, SAMPLES, stranger } from './samples.ts';

const kinds = Object.keys(KINDS) as Kind[];
const signSample = (kind: Kind) => signStatement(kind, SAMPLES[kind].payload, SAMPLES[kind].signer);
const joseKey = (publicKey: Uint8Array, secret?: Uint8Array) =>
  importJWK(
    { kty: 'OKP', crv: 'Ed25519', x: toBase64url(publicKey), ...(secret ? { d: toBase64url(secret) } : {}) },
    'EdDSA',
  );

describe.each(kinds)('%s', (kind) => {
  const { payload, signer } = SAMPLES[kind];

  test('verifies for its signer, and for no other', async () => {
    const made = await signSample(kind);
    expect(made.payload).toEqual(payload);
    expect(await verifyStatement(kind, made.jws, signer.id)).toEqual(made);
    expect(await refusal(() => verifyStatement(kind, made.jws, stranger.id))).toBe('wrong-signer');
  });

  test('is a JWS that jose verifies, with the three header members in their order', async () => {
    const { jws } = await signSample(kind);
    const { protectedHeader, payload: bytes } = await compactVerify(jws, await joseKey(signer.publicKey), {
      algorithms: ['EdDSA'],
    });
    expect(JSON.stringify(protectedHeader)).toBe(
      JSON.stringify({ alg: 'EdDSA', kid: signer.id, typ: `pcehr-${kind}+jws` }),
    );
    expect(JSON.parse(new TextDecoder().decode(bytes))).toEqual(payload);
  });

  test('signed by jose, it verifies here', async () => {
    const secret = fill(signer === patient ? 1 : 2, 32);
    const jws = await new CompactSign(utf8(JSON.stringify(payload)))
      .setProtectedHeader({ alg: 'EdDSA', kid: signer.id, typ: `pcehr-${kind}+jws` })
      .sign(await joseKey(signer.publicKey, secret));
    expect((await verifyStatement(kind, jws, signer.id)).payload).toEqual(payload);
  });

  test('does not verify as another kind', async () => {
    const { jws } = await signSample(kind);
    for (const other of kinds.filter((k) => k !== kind)) {
      expect(await refusal(() => verifyStatement(other, jws, signer.id))).toBe('malformed');
      expect(await refusal(() => reloadStatement(other, jws))).toBe('malformed');
    }
  });

  test('reloads without a key, and shows which signer it claims', async () => {
    const made = await signSample(kind);
    expect(reloadStatement(kind, made.jws)).toEqual(made);
    expect(claimOf(made.jws)).toEqual({ kind, signer: signer.id });
  });

  test('is refused with an unknown member, or without a required one', async () => {
    const header = JSON.stringify({ alg: 'EdDSA', kid: signer.id, typ: `pcehr-${kind}+jws` });
    const verify = (value: unknown) =>
      refusal(() => verifyStatement(kind, rawJws(header, JSON.stringify(value), signer), signer.id));
    expect(await verify(payload)).toBe('accepted');
    expect(await verify({ ...payload, extra: 1 })).toBe('bad-payload');
    for (const member of Object.keys(payload)) {
      const optional = KINDS[kind].payload.shape[member as never] as {
        safeParse: (v: unknown) => { success: boolean };
      };
      const { [member as never]: _, ...rest } = payload as Record<string, unknown>;
      expect(await verify(rest)).toBe(optional.safeParse(undefined).success ? 'accepted' : 'bad-payload');
      expect(await verify({ ...payload, [member]: null })).toBe('bad-payload');
    }
  });

  test('is refused by signer and verifier if its payload names another signer', async () => {
    const forged = { ...payload, [KINDS[kind].signer]: stranger.id };
    expect(await refusal(() => signStatement(kind, forged, signer))).toBe('wrong-signer');
    const header = JSON.stringify({ alg: 'EdDSA', kid: signer.id, typ: `pcehr-${kind}+jws` });
    const jws = rawJws(header, JSON.stringify(forged), signer);
    expect(await refusal(() => verifyStatement(kind, jws, signer.id))).toBe('wrong-signer');
  });
});

describe('signStatement', () => {
  test('writes members in the order of the schema, and omits undefined ones', async () => {
    const { payload, signer } = SAMPLES.opening;
    const reversed = Object.fromEntries(Object.entries(payload).reverse()) as typeof payload;
    expect((await signStatement('opening', reversed, signer)).jws).toBe((await signSample('opening')).jws);
    const { grant: _, ...own } = payload;
    const made = await signStatement('opening', { ...own, grant: undefined }, signer);
    expect(made.payload).toStrictEqual(own);
  });

  test('accepts an asynchronous signer, and refuses a signer whose signature does not match its id', async () => {
    const later = { id: patient.id, sign: async (bytes: Uint8Array) => patient.sign(bytes) };
    expect((await signStatement('denial', SAMPLES.denial.payload, later)).kind).toBe('denial');
    const wrong = { id: patient.id, sign: stranger.sign };
    expect(await refusal(() => signStatement('denial', SAMPLES.denial.payload, wrong))).toBe('bad-signature');
  });

  test('refuses a payload that verifiers would refuse', async () => {
    const payload = { ...SAMPLES.denial.payload, when: -1 };
    expect(await refusal(() => signStatement('denial', payload, patient))).toBe('bad-payload');
  });

  test('signs and verifies any payload that its schema allows', async () => {
    const bytes = (n: number) => fc.uint8Array({ minLength: n, maxLength: n }).map(toBase64url);
    const payloads = fc.record(
      {
        id: fc.constant(clinician.id),
        number: fc.integer({ min: 1, max: 0xffffffff }),
        previous: bytes(32),
        receiving: fc.record({ number: fc.integer({ min: 1, max: 0xffffffff }), key: bytes(33), proof: bytes(64) }),
        inbox: fc.constantFrom(SAMPLES.identity.payload.inbox),
        kfragSigner: bytes(33),
        name: fc
          .string({ unit: 'binary', minLength: 1, maxLength: 60 })
          .map(
            (s) =>
              `x${s.replace(/[\p{Cc}\p{Cs}\p{Zl}\p{Zp}\p{Bidi_Control}\p{Default_Ignorable_Code_Point}\u2800\ufff9-\ufffb]/gu, '')}x`,
          ),
        next: bytes(32),
        issued: fc.integer({ min: 0, max: 9_999_999_999_999 }),
      },
      { requiredKeys: ['id', 'number', 'receiving', 'inbox', 'kfragSigner', 'next', 'issued'] },
    );
    await fc.assert(
      fc.asyncProperty(payloads, async (payload) => {
        const made = await signStatement('identity', payload, clinician);
        expect(made.payload).toEqual(payload);
        expect(await verifyStatement('identity', made.jws, clinician.id)).toEqual(made);
      }),
      { numRuns: 50 },
    );
  });
});

describe('statementHash', () => {
  test('is SHA-256 of header.payload, whatever the signature', async () => {
    const { jws, hash } = await signSample('grant');
    const [header, payload] = jws.split('.');
    const digest = await crypto.subtle.digest('SHA-256', new TextEncoder().encode(`${header}.${payload}`));
    expect(hash).toBe(base64url.encode(new Uint8Array(digest)));
    expect(statementHash(`${header}.${payload}.AAAA`)).toBe(hash);
    expect(statementHash(`${header}A.${payload}.AAAA`)).not.toBe(hash);
  });
});
