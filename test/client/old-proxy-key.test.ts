// Tests that a stolen proxy key that has expired cannot convict the service of a wrong fragment in a later opening.
import { expect, test } from '@jest/globals';
import { fromBase64url, toBase64url } from '../../lib/bytes/codec.ts';
import { checkFragmentProof } from '../../lib/client/index.ts';
import { wrongFragmentIn } from '../support/wrong-fragment-error.ts';
import { reloadStatement } from '../../lib/statements/verify.ts';
import { SERVICE_KEY, signedAnswer } from './hand-made-service-signatures.ts';
import { granted } from './main-job-story.ts';
import { refusal } from './clients.ts';

test('refuses a fragment proof with a proxy key that had expired at the opening', async () => {
  const { clinician, grant, record, service } = await granted();
  service.state.lie = (route, answer) => {
    if (route !== 'recapsulate') return undefined;
    const [cfrag] = answer.records[0].wrap.cfrags;
    const bytes = fromBase64url(cfrag);
    bytes[bytes.length - 1]! ^= 1;
    answer.records[0].wrap.cfrags = [toBase64url(bytes)];
    return answer;
  };
  const error = await clinician.open(grant, [record]).catch((e: unknown) => e);
  const { proof } = wrongFragmentIn(error)!;
  expect(await refusal(() => checkFragmentProof(proof, SERVICE_KEY))).toBe('accepted');

  const opening = reloadStatement('opening', proof.opening);
  const { cells, receiving } = reloadStatement('grant', proof.grant).payload;
  const cell = cells.find((c) => c.folder === opening.payload.folder)!;
  const delegation = {
    verifying: reloadStatement('identity', proof.identity).payload.kfragSigner,
    delegating: cell.key,
    receiving: receiving.key,
    kfrag: cell.kfrags[0]!.id,
  };
  const wraps = [{ capsule: proof.capsule, cfrags: [proof.fragment] }];
  // The certificate begins two days before the opening and is valid for one day.
  const when = opening.payload.when - 2 * 86_400_000;
  const late = { ...proof, signed: signedAnswer(opening.hash, wraps, { when, delegation }) };
  expect(await refusal(() => checkFragmentProof(late, SERVICE_KEY))).toMatch(/^unverified/);
});
