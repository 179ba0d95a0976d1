// A service that answers with wrong fragments convicts itself: what the client keeps of it is checked here by a judge who asks nobody.
import { describe, expect, test } from '@jest/globals';
import umbralPre from '@nucypher/umbral-pre';
import { fromBase64url, fromUtf8, toBase64url } from '../../lib/bytes/codec.ts';
import { newId, type FolderId, type GrantId } from '../../lib/bytes/ids.ts';
import { checkFragmentProof, WrongFragmentError, type FragmentProof } from '../../lib/client/index.ts';
import type { GrantCell, Payload, Statement } from '../../lib/statements/kinds.ts';
import { signStatement } from '../../lib/statements/sign.ts';
import { reloadStatement } from '../../lib/statements/verify.ts';
import { encodePublicKey, publicKeyOf } from '../../lib/umbral/keys.ts';
import { fill } from '../statements/samples.ts';
import { PROXY_KEY, SERVICE_KEY, signedAnswer, signedBy, type AnsweredWrap } from './service-signer.ts';
import { granted } from './main-job-story.ts';
import { KEYS, refusal } from './clients.ts';

// eslint-disable-next-line @typescript-eslint/no-explicit-any -- lies keep to no shape
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

/** The second of two records comes with another fragment. */
const wrongly = (change: (fragment: string, capsule: string) => string) => (a: Any) => {
  const [first, second] = a.records;
  const { capsule, cfrags } = second.wrap;
  return { records: [first, { ...second, wrap: { ...second.wrap, cfrags: [change(cfrags[0], capsule)] } }] };
};

const proofBy = async (change: (fragment: string, capsule: string) => string): Promise<FragmentProof> => {
  const { open } = await lying(wrongly(change));
  const error = await open().then(
    () => undefined,
    (e: unknown) => e,
  );
  expect(error).toBeInstanceOf(WrongFragmentError);
  // As it would be kept and handed over.
  return JSON.parse(JSON.stringify((error as WrongFragmentError).proof)) as FragmentProof;
};

const inProof = (f: string): string => flipped(f, 300);

test.each<[string, (fragment: string) => string]>([
  ['with another proof', inProof],
  ['with another signature of the patient', (f) => flipped(f, 340)],
  ['of another key fragment', (f) => flipped(f, 80)],
  ['that is none', () => toBase64url(fill(1, 381))],
])('a fragment %s convicts the service', async (_, change) => {
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

test('the peer agrees about the fragment', async () => {
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
    return inProof(f);
  });
  expect(verdict(proof)).toBe(false);
  expect(verdict({ ...proof, fragment: right })).toBe(true);
});

const resign = async <K extends 'grant' | 'opening'>(kind: K, jws: string, change: Partial<Payload<K>>) => {
  const { payload } = reloadStatement(kind, jws);
  const signer = kind === 'grant' ? KEYS.patient : KEYS.clinician;
  return (await signStatement(kind, { ...payload, ...change }, signer)).jws;
};

/** As the service was told by the patient. */
const told = ({ opening, identity, grant, by }: FragmentProof, when: number) => {
  const { folder, epoch } = reloadStatement('opening', opening).payload;
  const { receiving } = reloadStatement('grant', grant).payload;
  const { cells } = reloadStatement(by === grant ? 'grant' : 'extension', by).payload;
  const { key: delegating, kfrags } = cells.find((c) => c.folder === folder && c.epoch === epoch)!;
  const { kfragSigner: verifying } = reloadStatement('identity', identity).payload;
  return { when, delegation: { verifying, delegating, receiving: receiving.key, kfrag: kfrags[0]!.id } };
};

describe('nobody is accused', () => {
  test('of a fragment that is right', async () => {
    let right = '';
    const proof = await proofBy((f) => {
      right = f;
      return inProof(f);
    });
    const opening = reloadStatement('opening', proof.opening);
    const wrap = { capsule: proof.capsule, cfrags: [right] };
    const signed = signedAnswer(opening.hash, [wrap, wrap], told(proof, opening.payload.when));
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
  // A grant names itself, and an identity counts its statements: nobody keeps a patient from signing two that say different things.
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
        const { patient, grant: id, cells, issued } = payload;
        const extended = cells.map((c) => ({ ...c, kfrags }));
        const extension = { patient, grant: id, number: 1, previous: hash, cells: extended, issued };
        return { by: (await signStatement('extension', extension, KEYS.patient)).jws };
      },
    ],
  ])('of a fragment that is right, by a patient who signs afterwards what %s', async (_, change) => {
    let right = '';
    const proof = await proofBy((f) => {
      right = f;
      return inProof(f);
    });
    const { hash, payload } = reloadStatement('opening', proof.opening);
    const wrap = { capsule: proof.capsule, cfrags: [right] };
    const signed = signedAnswer(hash, [wrap, wrap], told(proof, payload.when));
    const made = { ...proof, fragment: right, signed };
    expect(await refusal(() => checkFragmentProof(made, SERVICE_KEY))).toBe('bad-argument');
    const framing = { ...made, ...(await change(made)) };
    expect(await refusal(() => checkFragmentProof(framing, SERVICE_KEY))).toBe('unverified recapsulation');
  });

  const foreign = signedBy('proxy', 'proxy-key', { key: PROXY_KEY, from: 0, until: 9_999_999_999_999 });
  test.each<[string, string, (proof: FragmentProof) => Partial<FragmentProof> | Promise<Partial<FragmentProof>>]>([
    ['by the key of another service', 'service-key', () => ({ serviceKey: PROXY_KEY })],
    [
      'with a fragment that the service did not send',
      'recapsulation',
      ({ fragment: f }) => ({ fragment: flipped(f, 9) }),
    ],
    ['with a capsule that the service did not send', 'recapsulation', ({ capsule: c }) => ({ capsule: flipped(c, 9) })],
    ['with a text that is no fragment', 'recapsulation', () => ({ fragment: '!' })],
    ['in the place of another record', 'recapsulation', () => ({ place: 0 })],
    ['in a place that the opening does not have', 'recapsulation', () => ({ place: 2 })],
    ['by a key that the service does not know', 'recapsulation', (p) => ({ signed: { ...p.signed, key: foreign } })],
    [
      'by a key out of its time',
      'recapsulation',
      ({ signed, opening }) => {
        const { when } = reloadStatement('opening', opening).payload;
        const key = signedBy('service', 'proxy-key', { key: PROXY_KEY, from: when + 1, until: when + 2 });
        return { signed: { ...signed, key } };
      },
    ],
    [
      'by a key whose time was over',
      'recapsulation',
      ({ signed, opening }) => {
        const { when } = reloadStatement('opening', opening).payload;
        const key = signedBy('service', 'proxy-key', { key: PROXY_KEY, from: when - 2, until: when - 1 });
        return { signed: { ...signed, key } };
      },
    ],
    [
      'by an answer to another opening',
      'recapsulation',
      async ({ opening }) => ({ opening: await resign('opening', opening, { when: 1_700_000_000_001 }) }),
    ],
    [
      'with an answer to more records than were asked for',
      'recapsulation',
      (proof) => {
        const { opening, capsule, fragment } = proof;
        const { hash, payload } = reloadStatement('opening', opening);
        const wrap = { capsule, cfrags: [fragment] };
        return { signed: signedAnswer(hash, [wrap, wrap, wrap], told(proof, payload.when)) };
      },
    ],
    [
      'with another grant',
      'grant',
      async ({ grant }) => ({ grant: await resign('grant', grant, { grant: newId<GrantId>() }) }),
    ],
    [
      'with a grant to somebody else',
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
    ['with an extension that is none', 'extension', ({ identity }) => ({ by: identity })],
    [
      'with an extension of another grant',
      'extension',
      async ({ grant }) => {
        const { patient, cells, issued } = reloadStatement('grant', grant).payload;
        const payload = {
          patient,
          grant: newId<GrantId>(),
          number: 1,
          previous: toBase64url(fill(1, 32)),
          cells,
          issued,
        };
        return { by: (await signStatement('extension', payload, KEYS.patient)).jws };
      },
    ],
    ['with the keys of somebody else', 'identity', ({ opening }) => ({ identity: opening })],
    [
      'with an opening that nobody signed',
      'recapsulation',
      ({ opening }) => ({ opening: `${opening.slice(0, -4)}AAAA` }),
    ],
  ])('%s', async (_, what, change) => {
    const proof = await proofBy(inProof);
    const made = { ...proof, ...(await change(proof)) };
    expect(await refusal(() => checkFragmentProof(made, SERVICE_KEY))).toBe(`unverified ${what}`);
  });

  test('by a key that the judge does not know', async () => {
    const proof = await proofBy(inProof);
    expect(await refusal(() => checkFragmentProof(proof, PROXY_KEY))).toBe('unverified service-key');
  });
});

describe('an answer that the service does not stand by is not taken', () => {
  const point = toBase64url(fill(2, 33));
  const delegation = { verifying: point, delegating: point, receiving: point, kfrag: toBase64url(fill(2, 32)) };
  const wrapsIn = (answer: Any): readonly AnsweredWrap[] =>
    (answer.records as readonly { wrap: AnsweredWrap }[]).map((r) => r.wrap);
  test.each<[string, string, (answer: Any, opening: Statement<'opening'>) => object | undefined]>([
    ['without signatures', 'unverified recapsulation', () => undefined],
    ['by no service', 'bad-answer', () => ({ key: 'none', answer: 'none' })],
    [
      'to another opening',
      'unverified recapsulation',
      (a, { payload }) => signedAnswer(toBase64url(fill(1, 32)), wrapsIn(a), { when: payload.when, delegation }),
    ],
    [
      'with other fragments',
      'unverified recapsulation',
      (a, { hash, payload }) => signedAnswer(hash, wrapsIn(a).toReversed(), { when: payload.when, delegation }),
    ],
    [
      'by what the patient did not give',
      'unverified recapsulation',
      (a, { hash, payload }) => signedAnswer(hash, wrapsIn(a), { when: payload.when, delegation }),
    ],
    [
      'with fewer fragments',
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
