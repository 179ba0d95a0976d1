// Tests metadata, wraps and sealed texts.
import { describe, expect, test } from '@jest/globals';
import { concat } from '../../lib/bytes/binary.ts';
import { utf8 } from '../../lib/bytes/codec.ts';
import { newId } from '../../lib/bytes/ids.ts';
import { decrypt, deriveKeys, encrypt } from '../../lib/envelope/keys.ts';
import { openMetadata, sealMetadata } from '../../lib/envelope/metadata.ts';
import { assertCommit } from '../../lib/envelope/open-blob.ts';
import { openText, sealText, type TextContext } from '../../lib/envelope/sealed-text.ts';
import { unwrapOriginal, unwrapReencrypted, wrapHash, wrapKey } from '../../lib/envelope/wrap.ts';
import { decodeCapsule, encodeCapsule } from '../../lib/umbral/capsule.ts';
import { generateKFrags } from '../../lib/umbral/delegator.ts';
import { publicKeyOf, randomSecretKey } from '../../lib/umbral/keys.ts';
import { reencrypt } from '../../lib/umbral/proxy.ts';
import { encrypt as umbralEncrypt } from '../../lib/umbral/sender.ts';
import { codeOf, fileKey, heading, seal } from './sample-blobs.ts';

const header = { ...heading, algorithm: 1, chunk: 20, flags: 0, salt: new Uint8Array(16).fill(5) };
const caught = (run: () => unknown): Promise<string> => codeOf(Promise.resolve().then(run));

describe('metadata', () => {
  test.each([
    [0, 528],
    [480, 1040],
    [1200, 2064],
    [3000, 4112],
  ])('a title of %i characters makes %i bytes', async (length, sealed) => {
    const meta = { length: 5, title: 'x'.repeat(length), fileName: 'é.pdf' };
    const bytes = await sealMetadata(meta, fileKey, header);
    expect(bytes).toHaveLength(sealed);
    expect(await openMetadata(bytes, fileKey, header)).toEqual(meta);
  });

  test.each([
    [512, 528],
    [513, 1040],
    [1024, 1040],
    [1025, 2064],
    [2048, 2064],
    [2049, 4112],
    [4096, 4112],
  ])('a text of %i bytes makes %i bytes', async (bytes, sealed) => {
    const meta = { length: 1, title: 'x'.repeat(bytes - '{"length":1,"title":""}'.length) };
    const out = await sealMetadata(meta, fileKey, header);
    expect(out).toHaveLength(sealed);
    expect(await openMetadata(out, fileKey, header)).toEqual(meta);
  });

  test('4097 bytes are too long', async () => {
    const title = 'x'.repeat(4097 - '{"length":1,"title":""}'.length);
    expect(await codeOf(sealMetadata({ length: 1, title }, fileKey, header))).toBe('too-long');
  });

  test('is refused if any byte is altered, if it is shortened or lengthened, and under another key', async () => {
    const bytes = await sealMetadata({ length: 1 }, fileKey, header);
    for (let i = 0; i < bytes.length; i++) {
      const altered = bytes.slice();
      altered[i]! ^= 1;
      expect([i, await codeOf(openMetadata(altered, fileKey, header))]).toEqual([i, 'metadata-invalid']);
    }
    for (const other of [bytes.subarray(1), bytes.subarray(0, -1), concat(bytes, Uint8Array.of(0)), new Uint8Array(0)])
      expect(await codeOf(openMetadata(other, fileKey, header))).toBe('metadata-invalid');
    expect(await codeOf(openMetadata(bytes, new Uint8Array(32), header))).toBe('metadata-invalid');
  });

  test('is refused if it is too long, of the wrong type, altered, or for another header', async () => {
    expect(await codeOf(sealMetadata({ length: 1, title: 'x'.repeat(4096) }, fileKey, header))).toBe('too-long');
    expect(await codeOf(sealMetadata({ length: -1 }, fileKey, header))).toBe('metadata-invalid');
    const bytes = await sealMetadata({ length: 1 }, fileKey, header);
    expect(await codeOf(openMetadata(bytes, fileKey, { ...header, version: 2 }))).toBe('metadata-invalid');
    bytes[3]! ^= 1;
    expect(await codeOf(openMetadata(bytes, fileKey, header))).toBe('metadata-invalid');
  });

  test.each([
    '{"length":1,"other":"x"}',
    '{"length":1, "title":"x"}',
    '{"title":"x","length":1}',
    '[]',
    'null',
    '{"length":"1"}',
    '{"length":1,"title":2}',
    '{"length":1,"title":null}',
    '{"length":1,"length":1}',
    '{"length":1,"__proto__":"x"}',
    '{"length":-0}',
    '{"length":1e0}',
    '{"length":1.5}',
    '{"length":9007199254740992}',
    '{"length":1,"title":"\\u0078"}',
    '\ufeff{"length":1}',
    '{"length":1}\n',
    '{"length":1',
    '',
    '\u00ff',
  ])('sealed, but not in its one form: %s', async (text) => {
    const plain = new Uint8Array(512);
    plain.set(utf8(text));
    const sealed = await encrypt((await deriveKeys(fileKey, header)).metadata, new Uint8Array(12), plain);
    expect(await codeOf(openMetadata(sealed, fileKey, header))).toBe('metadata-invalid');
  });

  test('more padding than needed is refused, because it is not canonical', async () => {
    const plain = new Uint8Array(1024);
    plain.set(utf8('{"length":1}'));
    const { metadata, payload } = await deriveKeys(fileKey, header);
    expect(await codeOf(openMetadata(await encrypt(metadata, new Uint8Array(12), plain), fileKey, header))).toBe(
      'metadata-invalid',
    );
    // The key of the body does not open the metadata, because the two keys are different.
    expect(
      await decrypt(payload, new Uint8Array(12), await encrypt(metadata, new Uint8Array(12), plain)),
    ).toBeUndefined();
  });
});

describe('wraps', () => {
  const cell = randomSecretKey();
  const recipient = randomSecretKey();
  const signer = randomSecretKey();

  test('open with the cell key, or re-encrypted with the recipient key, and with no other key', async () => {
    const wrap = wrapKey(fileKey, publicKeyOf(cell));
    expect([wrap.capsule.length, wrap.wrappedKey.length, (await wrapHash(wrap)).length]).toEqual([105, 72, 32]);
    expect(unwrapOriginal(wrap, cell)).toEqual(fileKey);
    expect(await caught(() => unwrapOriginal(wrap, recipient))).toBe('wrap-invalid');
    const [kfrag] = generateKFrags({
      delegating: cell,
      receiving: publicKeyOf(recipient),
      signer,
      threshold: 1,
      shares: 1,
    });
    const cfrag = reencrypt(decodeCapsule(wrap.capsule), kfrag!);
    expect(unwrapReencrypted(wrap, recipient, publicKeyOf(cell), [cfrag])).toEqual(fileKey);
    expect(await caught(() => unwrapReencrypted(wrap, signer, publicKeyOf(cell), [cfrag]))).toBe('wrap-invalid');
    expect(await caught(() => unwrapReencrypted(wrap, recipient, publicKeyOf(cell), []))).toBe('wrap-invalid');
  });

  test('are refused with any byte altered and with any other length', async () => {
    const wrap = wrapKey(fileKey, publicKeyOf(cell));
    for (const part of ['capsule', 'wrappedKey'] as const)
      for (let i = 0; i < wrap[part].length; i += 3) {
        const altered = wrap[part].slice();
        altered[i]! ^= 1;
        expect([part, i, await caught(() => unwrapOriginal({ ...wrap, [part]: altered }, cell))]).toEqual([
          part,
          i,
          'wrap-invalid',
        ]);
      }
    for (const length of [0, 39, 71])
      expect(await caught(() => unwrapOriginal({ ...wrap, wrappedKey: wrap.wrappedKey.slice(0, length) }, cell))).toBe(
        'wrap-invalid',
      );
    // The ciphertext is valid, but its plaintext is no file key, because it has 31 bytes.
    const { capsule, ciphertext } = umbralEncrypt(publicKeyOf(cell), new Uint8Array(31));
    expect(await caught(() => unwrapOriginal({ capsule: encodeCapsule(capsule), wrappedKey: ciphertext }, cell))).toBe(
      'wrap-invalid',
    );
    expect(() => wrapKey(new Uint8Array(31), publicKeyOf(cell))).toThrow('file key must be 32 bytes');
  });

  test('open with the fragments of two of three proxies, and not with those of one', async () => {
    const wrap = wrapKey(fileKey, publicKeyOf(cell));
    const kfrags = generateKFrags({
      delegating: cell,
      receiving: publicKeyOf(recipient),
      signer,
      threshold: 2,
      shares: 3,
    });
    const cfrags = kfrags.map((kfrag) => reencrypt(decodeCapsule(wrap.capsule), kfrag));
    const [a, b, c] = cfrags as [(typeof cfrags)[0], (typeof cfrags)[0], (typeof cfrags)[0]];
    for (const two of [
      [a, b],
      [b, c],
      [c, a],
    ])
      expect(unwrapReencrypted(wrap, recipient, publicKeyOf(cell), two)).toEqual(fileKey);
    expect(await caught(() => unwrapReencrypted(wrap, recipient, publicKeyOf(cell), [a]))).toBe('wrap-invalid');
    // The capsule fragments of another wrap for the same cell do not open this wrap.
    const other = wrapKey(fileKey, publicKeyOf(cell));
    expect(await caught(() => unwrapReencrypted(other, recipient, publicKeyOf(cell), [a, b]))).toBe('wrap-invalid');
  });

  test('of another record are refused by the commitment, before a client wraps the key again', async () => {
    const s = await seal(new Uint8Array(3));
    await assertCommit(fileKey, s.header, s.commit);
    expect(await codeOf(assertCommit(new Uint8Array(32), s.header, s.commit))).toBe('commit-mismatch');
    expect(await codeOf(assertCommit(fileKey, { ...s.header, version: 2 }, s.commit))).toBe('commit-mismatch');
  });
});

describe('sealed texts', () => {
  const inbox = randomSecretKey();
  const context: TextContext = {
    kind: 'folder-name',
    sender: heading.patient,
    receiver: heading.patient,
    statement: heading.folder,
  };

  test('open in their own context only', async () => {
    const sealed = sealText(context, 'Husten, Herbst ü', publicKeyOf(inbox));
    expect((sealed.length - 145) % 64).toBe(0);
    expect(openText(sealed, inbox, context)).toBe('Husten, Herbst ü');
    const others: TextContext[] = [
      { ...context, kind: 'request-message' },
      { ...context, sender: heading.author },
      { ...context, receiver: heading.author },
      { ...context, statement: newId() },
    ];
    for (const other of others) expect(await caught(() => openText(sealed, inbox, other))).toBe('text-invalid');
    expect(await caught(() => openText(sealed, randomSecretKey(), context))).toBe('text-invalid');
    expect(await caught(() => openText(sealed.subarray(0, 100), inbox, context))).toBe('text-invalid');
    sealed[120]! ^= 1;
    expect(await caught(() => openText(sealed, inbox, context))).toBe('text-invalid');
  });

  test.each(['', 'x', 'x'.repeat(5000), 'nul \0 within and at the end \0', '"quoted" \\ {"text":"y"}', '🫀 ü\u0301'])(
    'open to the same text: %j',
    (text) => {
      expect(openText(sealText(context, text, publicKeyOf(inbox)), inbox, context)).toBe(text);
    },
  );

  const sealedAs = (json: string, length: number): Uint8Array => {
    const plain = new Uint8Array(length);
    plain.set(utf8(json));
    const { capsule, ciphertext } = umbralEncrypt(publicKeyOf(inbox), plain);
    return concat(encodeCapsule(capsule), ciphertext);
  };
  const good = JSON.stringify({ ...context, text: 'x' });
  const length = Math.ceil(good.length / 64) * 64;

  test('made by another implementation of the page, they open', () => {
    expect(openText(sealedAs(good, length), inbox, context)).toBe('x');
  });

  test.each([
    ['padded further', good, length + 64],
    ['a length that is not a multiple of 64', good, good.length],
    ['an additional member', JSON.stringify({ ...context, text: 'x', more: 1 }), length + 64],
    ['another order', JSON.stringify({ text: 'x', ...context }), length],
    ['no text', JSON.stringify(context), length],
    ['a number', JSON.stringify({ ...context, text: 1 }), length],
    ['null', 'null', 64],
    ['nothing', '', 64],
  ])('%s: refused', async (_, json, padded) => {
    expect(await caught(() => openText(sealedAs(json, padded), inbox, context))).toBe('text-invalid');
  });
});
