// Tests the scheme from end to end on the kernel, with every object encoded and decoded. Only two can open: the delegator, and the
// delegatee with enough capsule fragments.
import { expect, test } from '@jest/globals';
import fc from 'fast-check';
import { decodeCapsules, encodeCapsule } from '../../../lib/umbral/capsule.ts';
import { CapsuleFragVerifier, decodeCFrag, encodeCFrag } from '../../../lib/umbral/cfrag.ts';
import { chosen } from '../../../lib/umbral/curve/choose-backend.ts';
import { CapsuleOpener } from '../../../lib/umbral/delegatee.ts';
import { decryptOriginal, generateKFrags } from '../../../lib/umbral/delegator.ts';
import { publicKeyOf } from '../../../lib/umbral/keys.ts';
import { encodeKFrag, reencrypt, StoredKFrags } from '../../../lib/umbral/proxy.ts';
import { encrypt } from '../../../lib/umbral/sender.ts';
import { cases, seeded } from '../../support/case-counts.ts';
import { parties, splits } from '../arbitrary.ts';

// The test runs on the kernel only: on noble it would take hours and show nothing new.
if (chosen.name !== 'wasm') throw new Error(`the kernel is not used: ${chosen.reason}`);

test(`round trips, ${seeded}`, () => {
  const messages = fc.array(fc.uint8Array({ maxLength: 80 }), { minLength: 1, maxLength: 3 });
  fc.assert(
    fc.property(parties, splits, messages, ({ delegating, receiving, signer, rng }, split, list) => {
      const keys = {
        delegating: publicKeyOf(delegating),
        receiving: publicKeyOf(receiving),
        verifying: publicKeyOf(signer),
      };
      const sealed = list.map((plaintext) => encrypt(keys.delegating, plaintext, rng));
      const capsules = decodeCapsules(sealed.map(({ capsule }) => encodeCapsule(capsule)));
      const stored = new StoredKFrags();
      const kfrags = generateKFrags({ delegating, receiving: keys.receiving, signer, ...split, rng })
        .slice(0, split.threshold)
        .map((kfrag) => stored.trust(encodeKFrag(kfrag)));
      const verifier = new CapsuleFragVerifier(keys, rng);
      const opener = new CapsuleOpener(receiving, keys.delegating);
      const byShare = kfrags.map((kfrag) =>
        verifier.verify(
          capsules.map((capsule) => ({ capsule, cfrag: decodeCFrag(encodeCFrag(reencrypt(capsule, kfrag, rng))) })),
        ),
      );
      list.forEach((plaintext, i) => {
        const { ciphertext } = sealed[i]!;
        const cfrags = byShare.map((fragments) => fragments[i]!);
        expect(opener.decrypt(capsules[i]!, cfrags, ciphertext)).toEqual(plaintext);
        expect(decryptOriginal(delegating, capsules[i]!, ciphertext)).toEqual(plaintext);
        if (split.threshold > 1)
          expect(() => opener.decrypt(capsules[i]!, cfrags.slice(1), ciphertext)).toThrow('do not fit');
      });
    }),
    cases(2_000),
  );
}, 7_200_000);
