// Tests when the client accuses the service of a wrong capsule fragment: only if the offline check agrees.
import { describe, expect, test } from '@jest/globals';
import { fromBase64url, toBase64url } from '../../lib/bytes/codec.ts';
import { systemRng } from '../../lib/bytes/binary.ts';
import { checkFragmentProof, createRecipient, type FragmentProof } from '../../lib/client/index.ts';
import { wrongFragmentIn } from '../support/wrong-fragment-error.ts';
import { signStatement } from '../../lib/statements/sign.ts';
import { reloadStatement } from '../../lib/statements/verify.ts';
import { fill } from '../statements/samples.ts';
import { SERVICE_KEY, signedAnswer } from './hand-made-service-signatures.ts';
import { granted } from './main-job-story.ts';
import { KEYS, refusal } from './clients.ts';

// eslint-disable-next-line @typescript-eslint/no-explicit-any -- a false answer can have any shape
type Any = any;

const thrownBy = (attempt: Promise<unknown>): Promise<unknown> =>
  attempt.then(
    () => undefined,
    (e: unknown) => e,
  );

test.each<[string, (length: number) => Uint8Array]>([
  ['returns too few bytes', (length) => new Uint8Array(length - 1)],
  [
    'throws',
    () => {
      throw new Error('no randomness now');
    },
  ],
])('the client accuses nobody of a correct answer if its own source of randomness %s', async (_, broken) => {
  const story = await granted();
  const { service, optionsOf, grant, records } = story;
  let rng = systemRng;
  const clinician = createRecipient(optionsOf('clinician', { rng: (length) => rng(length) }));
  service.state.lie = (route) => {
    if (route === 'recapsulate') rng = broken;
    return undefined;
  };
  const error = await thrownBy(clinician.open(grant, records.slice(0, 2)));
  expect(error).toBeInstanceOf(Error);
  expect(wrongFragmentIn(error)).toBeUndefined();
});

describe('checkFragmentProof', () => {
  const proofOf = async (): Promise<FragmentProof> => {
    const { service, clinician, grant, records } = await granted();
    service.state.lie = (route, answer: Any) => {
      if (route !== 'recapsulate') return undefined;
      const [first, second] = answer.records;
      const bytes = fromBase64url(second.wrap.cfrags[0]);
      bytes[300]! ^= 1;
      return { records: [first, { ...second, wrap: { ...second.wrap, cfrags: [toBase64url(bytes)] } }] };
    };
    const error = await thrownBy(clinician.open(grant, records.slice(0, 2)));
    return wrongFragmentIn(error)!.proof;
  };

  test('accepts the proof, or refuses it with an error of the client, if the receiving key is not on the curve', async () => {
    const proof = await proofOf();
    const noPoint = toBase64url(fill(5, 33));
    const grant = reloadStatement('grant', proof.grant).payload;
    const { jws } = await signStatement(
      'grant',
      { ...grant, receiving: { ...grant.receiving, key: noPoint } },
      KEYS.patient,
    );
    const { hash, payload } = reloadStatement('opening', proof.opening);
    const { key: delegating, kfrags } = grant.cells.find(
      (c) => c.folder === payload.folder && c.epoch === payload.epoch,
    )!;
    const { kfragSigner: verifying } = reloadStatement('identity', proof.identity).payload;
    const wrap = { capsule: proof.capsule, cfrags: [proof.fragment] };
    const signed = signedAnswer(hash, [wrap, wrap], {
      when: payload.when,
      delegation: { verifying, delegating, receiving: noPoint, kfrag: kfrags[0]!.id },
    });
    // By its documentation, checkFragmentProof throws only errors of the client. So it must not throw an UmbralError.
    const made = { ...proof, grant: jws, by: jws, signed };
    expect(['accepted', 'unverified grant']).toContain(await refusal(() => checkFragmentProof(made, SERVICE_KEY)));
  });
});
