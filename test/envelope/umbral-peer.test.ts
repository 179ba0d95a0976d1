// Tests that wraps and sealed texts are plain Umbral ciphertexts: @nucypher/umbral-pre opens ours, and we open its. This peer has the license GPL-3. It is only
// used in tests and never shipped.
import umbralPre from '@nucypher/umbral-pre';
import { expect, test } from '@jest/globals';
import { fromUtf8, utf8 } from '../../lib/bytes/codec.ts';
import { openText, sealText, type TextContext } from '../../lib/envelope/sealed-text.ts';
import { CAPSULE_BYTES, unwrapOriginal, unwrapReencrypted, wrapKey } from '../../lib/envelope/wrap.ts';
import { decodeCapsule } from '../../lib/umbral/capsule.ts';
import { decodeCFrag, verifyCFrag } from '../../lib/umbral/cfrag.ts';
import { encodePublicKey, publicKeyOf, randomSecretKey } from '../../lib/umbral/keys.ts';
import { codeOf, fileKey, heading } from './sample-blobs.ts';

const both = () => {
  const ours = randomSecretKey();
  const pub = publicKeyOf(ours);
  return {
    ours,
    pub,
    theirs: umbralPre.SecretKey.fromBEBytes(ours.toBytes()),
    theirPub: umbralPre.PublicKey.fromCompressedBytes(encodePublicKey(pub)),
  };
};
const [cell, recipient, signer] = [both(), both(), both()];
const theirWrap = (plain: Uint8Array) => {
  const [capsule, wrappedKey] = umbralPre.encrypt(cell.theirPub, plain);
  return { capsule: capsule.toBytes(), wrappedKey };
};
/** Re-encrypts a wrap for the recipient with the peer alone. */
const theirCFrag = (capsule: Uint8Array) => {
  const [kfrag] = umbralPre.generateKFrags(
    cell.theirs,
    recipient.theirPub,
    new umbralPre.Signer(signer.theirs),
    1,
    1,
    true,
    true,
  );
  return umbralPre.reencrypt(umbralPre.Capsule.fromBytes(capsule), kfrag!);
};

test('the peer opens our wrap, with the cell key and re-encrypted', () => {
  const { capsule, wrappedKey } = wrapKey(fileKey, cell.pub);
  const decoded = umbralPre.Capsule.fromBytes(capsule);
  expect(new Uint8Array(umbralPre.decryptOriginal(cell.theirs, decoded, wrappedKey))).toEqual(fileKey);
  const opened = umbralPre.decryptReencrypted(
    recipient.theirs,
    cell.theirPub,
    decoded,
    [theirCFrag(capsule)],
    wrappedKey,
  );
  expect(new Uint8Array(opened)).toEqual(fileKey);
});

test("we open the peer's wrap, with the cell key and re-encrypted", () => {
  const wrap = theirWrap(fileKey);
  expect([wrap.capsule.length, wrap.wrappedKey.length]).toEqual([105, 72]);
  expect(new Uint8Array(unwrapOriginal(wrap, cell.ours))).toEqual(fileKey);
  const cfrag = verifyCFrag(decodeCFrag(theirCFrag(wrap.capsule).toBytes()), {
    capsule: decodeCapsule(wrap.capsule),
    verifying: signer.pub,
    delegating: cell.pub,
    receiving: recipient.pub,
  });
  expect(new Uint8Array(unwrapReencrypted(wrap, recipient.ours, cell.pub, [cfrag]))).toEqual(fileKey);
});

test.each([0, 16, 31, 33])('a wrap of %i bytes opens to no file key', async (length) => {
  const wrap = theirWrap(new Uint8Array(length));
  expect(await codeOf(Promise.resolve().then(() => unwrapOriginal(wrap, cell.ours)))).toBe('wrap-invalid');
});

test('each opens a sealed text of the other', async () => {
  const context: TextContext = {
    kind: 'request-message',
    sender: heading.author,
    receiver: heading.patient,
    statement: heading.folder,
  };
  const sealed = sealText(context, 'Befund?', cell.pub);
  const plain = umbralPre.decryptOriginal(
    cell.theirs,
    umbralPre.Capsule.fromBytes(sealed.slice(0, CAPSULE_BYTES)),
    sealed.slice(CAPSULE_BYTES),
  );
  const json = JSON.stringify({ ...context, text: 'Befund?' });
  const padded = (text: string): string => text.padEnd(Math.ceil(text.length / 64) * 64, '\0');
  expect(fromUtf8(plain)).toBe(padded(json));

  const theirs = (text: string): Uint8Array => {
    const [capsule, ciphertext] = umbralPre.encrypt(cell.theirPub, utf8(text));
    return new Uint8Array([...capsule.toBytes(), ...ciphertext]);
  };
  expect(openText(theirs(padded(json)), cell.ours, context)).toBe('Befund?');
  const refused = [
    json,
    padded(json) + '\0'.repeat(64), // more padding than needed
    padded(json.replace('","', '", "')),
    padded(json.replace('"Befund?"', '["Befund?"]')),
    padded(json.replace('"Befund?"', '"Befund\\u003f"')),
    padded(json.replace('}', ',"more":""}')),
    padded('null'),
    '\0'.repeat(64),
  ];
  for (const text of refused)
    expect(await codeOf(Promise.resolve().then(() => openText(theirs(text), cell.ours, context)))).toBe('text-invalid');
});
