// Tests sealed boxes against another implementation of HPKE, in both directions: @hpke/core with @hpke/hybridkem-x-wing.
import { Chacha20Poly1305 } from '@hpke/chacha20poly1305';
import { CipherSuite, HkdfSha256 } from '@hpke/core';
import { XWing } from '@hpke/hybridkem-x-wing';
import { describe, expect, test } from '@jest/globals';
import { concat, systemRng } from '../../lib/bytes/binary.ts';
import { utf8 } from '../../lib/bytes/codec.ts';
import { openBox, sealBox } from '../../lib/envelope/sealed-box.ts';
import { openText, sealText, type TextContext } from '../../lib/envelope/sealed-text.ts';
import { decapsulator } from '../../lib/envelope/x-wing.ts';
import { heading } from './sample-blobs.ts';

const suite = new CipherSuite({ kem: new XWing(), kdf: new HkdfSha256(), aead: new Chacha20Poly1305() });
const exact = (bytes: Uint8Array): ArrayBuffer => Uint8Array.from(bytes).buffer;
const binding = { info: utf8('pcehr/v1/test'), aad: utf8('context') };
const theirs = { info: exact(binding.info), aad: exact(binding.aad) };

describe('a sealed box', () => {
  test.each([0, 1, 64, 5000])('of %i bytes is opened by the peer', async (length) => {
    const seed = systemRng(32);
    const plain = systemRng(length);
    const box = sealBox(decapsulator(seed).publicKey, binding, plain);
    const recipientKey = await suite.kem.deserializePrivateKey(exact(seed));
    const opened = await suite.open(
      { recipientKey, enc: exact(box.subarray(0, 1120)), info: theirs.info },
      exact(box.subarray(1120)),
      theirs.aad,
    );
    expect(new Uint8Array(opened)).toEqual(plain);
  });

  test.each([0, 1, 64, 5000])('of the peer with %i bytes opens', async (length) => {
    const seed = systemRng(32);
    const plain = systemRng(length);
    const recipientPublicKey = await suite.kem.deserializePublicKey(exact(decapsulator(seed).publicKey));
    const { enc, ct } = await suite.seal({ recipientPublicKey, info: theirs.info }, exact(plain), theirs.aad);
    const box = concat(new Uint8Array(enc), new Uint8Array(ct));
    expect(openBox(box, decapsulator(seed), binding)).toEqual(plain);
    for (const other of [
      { ...binding, info: utf8('pcehr/v1/other') },
      { ...binding, aad: utf8('elsewhere') },
    ])
      expect(() => openBox(box, decapsulator(seed), other)).toThrow();
  });
});

test('a text is sealed as the page says, and opened as the page says', async () => {
  const seed = systemRng(32);
  const inbox = decapsulator(seed);
  const context: TextContext = {
    kind: 'request-message',
    sender: heading.author,
    receiver: heading.patient,
    statement: heading.folder,
  };
  const [info, aad] = [exact(utf8('pcehr/v1/text')), exact(utf8(JSON.stringify(context)))];
  const plain = new Uint8Array(64);
  plain.set(utf8('{"text":"Befund?"}'));
  const recipientPublicKey = await suite.kem.deserializePublicKey(exact(inbox.publicKey));
  const { enc, ct } = await suite.seal({ recipientPublicKey, info }, exact(plain), aad);
  expect(openText(concat(new Uint8Array(enc), new Uint8Array(ct)), inbox, context)).toBe('Befund?');

  const sealed = sealText(context, 'Befund?', inbox.publicKey);
  const recipientKey = await suite.kem.deserializePrivateKey(exact(seed));
  const from = { recipientKey, enc: exact(sealed.subarray(0, 1120)), info };
  expect(new Uint8Array(await suite.open(from, exact(sealed.subarray(1120)), aad))).toEqual(plain);
});
