// Tests fragment proofs: the client keeps a proof of a wrong capsule fragment, and anybody can check it offline.
import { describe, expect, test } from '@jest/globals';
import umbralPre from '@nucypher/umbral-pre';
import { fromBase64url, fromUtf8, toBase64url } from '../../lib/bytes/codec.ts';
import { newId, type FolderId, type GrantId } from '../../lib/bytes/ids.ts';
import { checkFragmentProof, type FragmentProof } from '../../lib/client/index.ts';
import { wrongFragmentIn } from '../support/wrong-fragment-error.ts';
import type { GrantCell, Payload, Statement } from '../../lib/statements/kinds.ts';
import { signStatement } from '../../lib/statements/sign.ts';
import { reloadStatement } from '../../lib/statements/verify.ts';
import { encodePublicKey, publicKeyOf } from '../../lib/umbral/keys.ts';
import { fill } from '../statements/samples.ts';
import { PROXY_KEY, SERVICE_KEY, signedAnswer, signedBy, type AnsweredWrap } from './hand-made-service-signatures.ts';
import { granted } from './main-job-story.ts';
import { KEYS, refusal } from './clients.ts';

// eslint-disable-next-line @typescript-eslint/no-explicit-any -- a false answer can have any shape
type Any = any;

const flipped = (text: string, at: number): string => {
  const bytes = fromBase64url(text);
  bytes[at]! ^= 1;
  return toBase64url(bytes);
};

const lying = async (change: (answer: Any) => object) => {
  const story = await granted();
  story.service.state.lie = (route, answer) => (route === 'recapsulate' ? change(answer) : undefined);
  const { clinician, grant, records } = story;
  return { ...story, open: () => clinician.open(grant, records.slice(0, 2)) };
};

/** Replaces the capsule fragment of the second of two records. */
const replaceFragment = (change: (fragment: string, capsule: string) => string) => (a: Any) => {
  const [first, second] = a.records;
  const { capsule, cfrags } = second.wrap;
  return { records: [first, { ...second, wrap: { ...second.wrap, cfrags: [change(cfrags[0], capsule)] } }] };
};

const proofBy = async (change: (fragment: string, capsule: string) => string): Promise<FragmentProof> => {
  const { open } = await lying(replaceFragment(change));
  const error = await open().then(
    () => undefined,
    (e: unknown) => e,
  );
  const wrong = wrongFragmentIn(error);
  expect(wrong).toBeDefined();
  // Converts the proof to JSON and back, because people store proofs and give them to others as JSON.
  return JSON.parse(JSON.stringify(wrong!.proof)) as FragmentProof;
};

const breakProof = (f: string): string => flipped(f, 300);

test.each<[string, (fragment: string) => string]>([
  ['with an altered proof', breakProof],
  ['with an altered signature of the patient', (f) => flipped(f, 340)],
  ['with an altered key fragment id', (f) => flipped(f, 80)],
  ['that cannot be decoded', () => toBase64url(fill(1, 381))],
])('a capsule fragment %s convicts the service', async (_, change) => {
  const proof = await proofBy(change);
  const { payload } = reloadStatement('opening', proof.opening);
  expect(await checkFragmentProof(proof, SERVICE_KEY)).toEqual({
    patient: KEYS.patient.id,
    recipient: KEYS.clinician.id,
    grant: payload.grant,
    ...payload.records[1],
    when: payload.when,
  });
});

test('umbral-pre agrees about the capsule fragment', async () => {
  const verdict = ({ capsule, fragment, identity, grant }: FragmentProof): boolean => {
    const key = (text: string) => umbralPre.PublicKey.fromCompressedBytes(fromBase64url(text));
    const { receiving, cells } = reloadStatement('grant', grant).payload;
    const { folder, epoch } = reloadStatement('opening', proof.opening).payload;
    const cell = cells.find((c) => c.folder === folder && c.epoch === epoch)!;
    try {
      umbralPre.CapsuleFrag.fromBytes(fromBase64url(fragment)).verify(
        umbralPre.Capsule.fromBytes(fromBase64url(capsule)),
        key(reloadStatement('identity', identity).payload.kfragSigner),
        key(cell.key),
        key(receiving.key),
      );
      return true;
    } catch {
      return false;
    }
  };
  let right = '';
  const proof = await proofBy((f) => {
    right = f;
    return breakProof(f);
  });
  expect(verdict(proof)).toBe(false);
  expect(verdict({ ...proof, fragment: right })).toBe(true);
});

const resign = async <K extends 'grant' | 'opening'>(kind: K, jws: string, change: Partial<Payload<K>>) => {
  const { payload } = reloadStatement(kind, jws);
  const signer = kind === 'grant' ? KEYS.patient : KEYS.clinician;
  return (await signStatement(kind, { ...payload, ...change }, signer)).jws;
};

/** The service's statement about its answer, with the delegation that the patient signed. */
const answerFacts = ({ opening, identity, grant, by }: FragmentProof, when: number) => {
  const { folder, epoch } = reloadStatement('opening', opening).payload;
  const { receiving } = reloadStatement('grant', grant).payload;
  const { cells } = reloadStatement(by === grant ? 'grant' : 'extension', by).payload;
  const { key: delegating, kfrags } = cells.find((c) => c.folder === folder && c.epoch === epoch)!;
  const { kfragSigner: verifying } = reloadStatement('identity', identity).payload;
  return { when, delegation: { verifying, delegating, receiving: receiving.key, kfrag: kfrags[0]!.id } };
};

describe('checkFragmentProof does not convict the service', () => {
  test('refuses a proof with a correct fragment', async () => {
    let right = '';
    const proof = await proofBy((f) => {
      right = f;
      return breakProof(f);
    });
    const opening = reloadStatement('opening', proof.opening);
    const wrap = { capsule: proof.capsule, cfrags: [right] };
    const signed = signedAnswer(opening.hash, [wrap, wrap], answerFacts(proof, opening.payload.when));
    const honest = { ...proof, fragment: right, signed };
    expect(await refusal(() => checkFragmentProof(honest, SERVICE_KEY))).toBe('bad-argument');
  });

  const other = toBase64url(encodePublicKey(publicKeyOf(KEYS.stranger.kfragSigner)));
  const withCells = async (grant: string, change: Partial<GrantCell>) => {
    const { cells } = reloadStatement('grant', grant).payload;
    const made = await resign('grant', grant, { cells: cells.map((c) => ({ ...c, ...change })) });
    return { grant: made, by: made };
  };
  const kfrags = [{ proxy: 'service' as const, id: toBase64url(fill(1, 32)), hash: toBase64url(fill(2, 32)) }];
  // An identity chooses the ids and numbers in its statements. So a patient can sign two different statements with the same id.
  test.each<[string, (proof: FragmentProof) => Partial<FragmentProof> | Promise<Partial<FragmentProof>>]>([
    ['names another key fragment', ({ grant }) => withCells(grant, { kfrags })],
    ['names no key fragment', ({ grant }) => withCells(grant, { kfrags: [] })],
    ['names another key of the cell', ({ grant }) => withCells(grant, { key: other })],
    [
      'names another receiving key',
      async ({ grant }) => {
        const made = await resign('grant', grant, { receiving: { number: 2, key: other } });
        return { grant: made, by: made };
      },
    ],
    [
      'names another signer of key fragments',
      async ({ identity }) => {
        const { payload } = reloadStatement('identity', identity);
        return { identity: (await signStatement('identity', { ...payload, kfragSigner: other }, KEYS.patient)).jws };
      },
    ],
    [
      'names another key fragment in an extension',
      async ({ grant }) => {
        const { hash, payload } = reloadStatement('grant', grant);
        const { patient, grant: id, cells, issued, companions = '' } = payload;
        const extended = cells.map((c) => ({ ...c, kfrags }));
        const extension = { patient, grant: id, number: 1, previous: hash, cells: extended, companions, issued };
        return { by: (await signStatement('extension', extension, KEYS.patient)).jws };
      },
    ],
  ])('refuses a proof with a correct fragment and a later statement of the patient that %s', async (_, change) => {
    let right = '';
    const proof = await proofBy((f) => {
      right = f;
      return breakProof(f);
    });
    const { hash, payload } = reloadStatement('opening', proof.opening);
    const wrap = { capsule: proof.capsule, cfrags: [right] };
    const signed = signedAnswer(hash, [wrap, wrap], answerFacts(proof, payload.when));
    const made = { ...proof, fragment: right, signed };
    expect(await refusal(() => checkFragmentProof(made, SERVICE_KEY))).toBe('bad-argument');
    const framing = { ...made, ...(await change(made)) };
    expect(await refusal(() => checkFragmentProof(framing, SERVICE_KEY))).toBe('unverified recapsulation');
  });

  const foreign = signedBy('proxy', 'proxy-key', { key: PROXY_KEY, from: 0, until: 9_999_999_999_999 });
  test.each<[string, string, (proof: FragmentProof) => Partial<FragmentProof> | Promise<Partial<FragmentProof>>]>([
    ['with the key of another service', 'service-key', () => ({ serviceKey: PROXY_KEY })],
    [
      'with a fragment that the service did not send',
      'recapsulation',
      ({ fragment: f }) => ({ fragment: flipped(f, 9) }),
    ],
    ['with a capsule that the service did not send', 'recapsulation', ({ capsule: c }) => ({ capsule: flipped(c, 9) })],
    ['with a text that is no fragment', 'recapsulation', () => ({ fragment: '!' })],
    ['for another record of the opening', 'recapsulation', () => ({ place: 0 })],
    ['for an index that the opening does not have', 'recapsulation', () => ({ place: 2 })],
    [
      'with a proxy key that the service has not certified',
      'recapsulation',
      (p) => ({ signed: { ...p.signed, key: foreign } }),
    ],
    [
      'with a proxy key that is not yet valid',
      'recapsulation',
      ({ signed, opening }) => {
        const { when } = reloadStatement('opening', opening).payload;
        const key = signedBy('service', 'proxy-key', { key: PROXY_KEY, from: when + 1, until: when + 2 });
        return { signed: { ...signed, key } };
      },
    ],
    [
      'with a proxy key that has expired',
      'recapsulation',
      ({ signed, opening }) => {
        const { when } = reloadStatement('opening', opening).payload;
        const key = signedBy('service', 'proxy-key', { key: PROXY_KEY, from: when - 2, until: when - 1 });
        return { signed: { ...signed, key } };
      },
    ],
    [
      'with an answer to another opening',
      'recapsulation',
      async ({ opening }) => ({ opening: await resign('opening', opening, { when: 1_700_000_000_001 }) }),
    ],
    [
      'with an answer about more records than the opening names',
      'recapsulation',
      (proof) => {
        const { opening, capsule, fragment } = proof;
        const { hash, payload } = reloadStatement('opening', opening);
        const wrap = { capsule, cfrags: [fragment] };
        return { signed: signedAnswer(hash, [wrap, wrap, wrap], answerFacts(proof, payload.when)) };
      },
    ],
    [
      'with another grant',
      'grant',
      async ({ grant }) => ({ grant: await resign('grant', grant, { grant: newId<GrantId>() }) }),
    ],
    [
      'with a grant to another recipient',
      'grant',
      async ({ grant }) => ({ grant: await resign('grant', grant, { recipient: KEYS.stranger.id }) }),
    ],
    [
      'with a cell that the grant does not name',
      'grant-cell',
      async ({ grant }) => {
        const { cells } = reloadStatement('grant', grant).payload;
        const made = await resign('grant', grant, { cells: cells.map((c) => ({ ...c, folder: newId<FolderId>() })) });
        return { grant: made, by: made };
      },
    ],
    ['with another statement instead of an extension', 'extension', ({ identity }) => ({ by: identity })],
    [
      'with an extension of another grant',
      'extension',
      async ({ grant }) => {
        const { patient, cells, companions = '', issued } = reloadStatement('grant', grant).payload;
        const payload = {
          patient,
          grant: newId<GrantId>(),
          number: 1,
          previous: toBase64url(fill(1, 32)),
          cells,
          companions,
          issued,
        };
        return { by: (await signStatement('extension', payload, KEYS.patient)).jws };
      },
    ],
    ['with another statement instead of the identity', 'identity', ({ opening }) => ({ identity: opening })],
    [
      'with an opening whose signature is wrong',
      'recapsulation',
      ({ opening }) => ({ opening: `${opening.slice(0, -4)}AAAA` }),
    ],
  ])('refuses a proof %s', async (_, what, change) => {
    const proof = await proofBy(breakProof);
    const made = { ...proof, ...(await change(proof)) };
    expect(await refusal(() => checkFragmentProof(made, SERVICE_KEY))).toBe(`unverified ${what}`);
  });

  test('refuses a proof whose service key the checker does not know', async () => {
    const proof = await proofBy(breakProof);
    expect(await refusal(() => checkFragmentProof(proof, PROXY_KEY))).toBe('unverified service-key');
  });
});

describe('the client refuses an answer', () => {
  const point = toBase64url(fill(2, 33));
  const delegation = { verifying: point, delegating: point, receiving: point, kfrag: toBase64url(fill(2, 32)) };
  const wrapsIn = (answer: Any): readonly AnsweredWrap[] =>
    (answer.records as readonly { wrap: AnsweredWrap }[]).map((r) => r.wrap);
  test.each<[string, string, (answer: Any, opening: Statement<'opening'>) => object | undefined]>([
    ['without signatures', 'unverified recapsulation', () => undefined],
    ['with signatures that cannot be parsed', 'bad-answer', () => ({ key: 'none', answer: 'none' })],
    [
      'signed for another opening',
      'unverified recapsulation',
      (a, { payload }) => signedAnswer(toBase64url(fill(1, 32)), wrapsIn(a), { when: payload.when, delegation }),
    ],
    [
      'signed for other fragments',
      'unverified recapsulation',
      (a, { hash, payload }) => signedAnswer(hash, wrapsIn(a).toReversed(), { when: payload.when, delegation }),
    ],
    [
      'signed for another delegation',
      'unverified recapsulation',
      (a, { hash, payload }) => signedAnswer(hash, wrapsIn(a), { when: payload.when, delegation }),
    ],
    [
      'signed for fewer fragments',
      'unverified recapsulation',
      (a, { hash, payload }) => signedAnswer(hash, wrapsIn(a).slice(1), { when: payload.when, delegation }),
    ],
  ])('%s', async (_, refused, made) => {
    const { service, sent, clinician, grant, records } = await granted();
    service.state.lie = (route, answer: Any) => {
      if (route !== 'recapsulate') return undefined;
      const { statement } = JSON.parse(fromUtf8(sent.at(-1)!.body)) as { statement: string };
      return { records: answer.records as object, signed: made(answer, reloadStatement('opening', statement)) };
    };
    expect(await refusal(() => clinician.open(grant, records.slice(0, 2)))).toBe(refused);
  });
});
