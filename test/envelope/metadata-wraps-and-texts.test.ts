// Tests metadata, wraps, sealed texts and companion seeds.
import { describe, expect, test } from '@jest/globals';
import { createCipheriv, createHash, hkdfSync } from 'node:crypto';
import { concat, systemRng, u32 } from '../../lib/bytes/binary.ts';
import { utf8 } from '../../lib/bytes/codec.ts';
import { idBytes, identityKey, newId } from '../../lib/bytes/ids.ts';
import { openSeeds, sealSeeds, type SeedsContext } from '../../lib/envelope/companion-seeds.ts';
import { sha256 } from '../../lib/envelope/header.ts';
import { decrypt, deriveKeys, encrypt } from '../../lib/envelope/keys.ts';
import { openMetadata, sealMetadata } from '../../lib/envelope/metadata.ts';
import { assertCommit } from '../../lib/envelope/open-blob.ts';
import { sealBox } from '../../lib/envelope/sealed-box.ts';
import { openText, sealText, type TextContext } from '../../lib/envelope/sealed-text.ts';
import { openWrap, readLabel, wrapHash, wrapKey, type CellPublicKeys, type Wrap } from '../../lib/envelope/wrap.ts';
import { fileKeyCipher, type WrapContext } from '../../lib/envelope/wrap-keys.ts';
import { decapsulator } from '../../lib/envelope/x-wing.ts';
import { decodeCapsule, encodeCapsule } from '../../lib/umbral/capsule.ts';
import type { VerifiedCapsuleFrag } from '../../lib/umbral/cfrag.ts';
import { decapsulateReencrypted } from '../../lib/umbral/delegatee.ts';
import { decapsulateOriginal, generateKFrags } from '../../lib/umbral/delegator.ts';
import { publicKeyOf, randomSecretKey, type SecretKey } from '../../lib/umbral/keys.ts';
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
  const companion = decapsulator(systemRng(32));
  const keys: CellPublicKeys = { key: publicKeyOf(cell), companion: companion.publicKey };
  const context: WrapContext = {
    patient: heading.patient,
    record: heading.record,
    version: 1,
    folder: heading.folder,
    epoch: 1,
  };
  const content = { fileKey, label: {} };

  const unwrapOwn = (wrap: Wrap, changes: Partial<WrapContext> = {}, with_: SecretKey = cell, and = companion) =>
    openWrap(
      wrap,
      { umbral: () => decapsulateOriginal(with_, decodeCapsule(wrap.capsule)), companion: and },
      { ...context, ...changes },
    ).fileKey;
  const unwrapAs = (wrap: Wrap, receiving: SecretKey, cfrags: readonly VerifiedCapsuleFrag[]) =>
    openWrap(
      wrap,
      {
        umbral: () => decapsulateReencrypted(receiving, publicKeyOf(cell), decodeCapsule(wrap.capsule), cfrags),
        companion,
      },
      context,
    ).fileKey;

  test('have a label, which opens with the companion key alone, and is none if it does not open', () => {
    const label = { title: 'Blood' };
    const wrap = wrapKey({ fileKey, label }, keys, context);
    const umbral = () => decapsulateOriginal(cell, decodeCapsule(wrap.capsule));
    expect(openWrap(wrap, { umbral, companion }, context)).toEqual({ fileKey, label });
    expect(readLabel(wrap, companion, context)).toEqual(label);
    expect(readLabel(wrap, companion, { ...context, epoch: 2 })).toBeUndefined();
    expect(readLabel(wrap, decapsulator(new Uint8Array(32)), context)).toBeUndefined();
    const broken = { ...wrap, label: new Uint8Array(272) };
    expect(openWrap(broken, { umbral, companion }, context)).toEqual({ fileKey, label: undefined });
    expect(readLabel(broken, companion, context)).toBeUndefined();
    // Decapsulation itself fails with these two: the first contains a point of small order, the second is a byte too short.
    for (const companionCiphertext of [new Uint8Array(1120), new Uint8Array(1119)])
      expect(readLabel({ ...wrap, companionCiphertext }, companion, context)).toBeUndefined();
  });

  test('open with both keys of the cell, or re-encrypted with the recipient key, and with no other keys', async () => {
    const wrap = wrapKey(content, keys, context);
    const parts = [wrap.capsule, wrap.companionCiphertext, wrap.wrappedKey, wrap.label];
    expect(parts.map((part) => part.length)).toEqual([105, 1120, 48, 272]);
    expect(await wrapHash(wrap)).toEqual(await sha256(concat(...parts)));
    expect(unwrapOwn(wrap)).toEqual(fileKey);
    // Each of the two secrets alone is not enough.
    expect(await caught(() => unwrapOwn(wrap, {}, recipient))).toBe('wrap-invalid');
    expect(await caught(() => unwrapOwn(wrap, {}, cell, decapsulator(systemRng(32))))).toBe('wrap-invalid');
    const [kfrag] = generateKFrags({
      delegating: cell,
      receiving: publicKeyOf(recipient),
      signer,
      threshold: 1,
      shares: 1,
    });
    const cfrag = reencrypt(decodeCapsule(wrap.capsule), kfrag!);
    expect(unwrapAs(wrap, recipient, [cfrag])).toEqual(fileKey);
    expect(await caught(() => unwrapAs(wrap, signer, [cfrag]))).toBe('wrap-invalid');
    expect(await caught(() => unwrapAs(wrap, recipient, []))).toBe('wrap-invalid');
  });

  test.each<Partial<WrapContext>>([
    { patient: heading.author },
    { record: newId() },
    { version: 2 },
    { folder: newId() },
    { epoch: 2 },
  ])('do not open for another record version or cell: %j', async (change) => {
    const wrap = wrapKey(content, keys, context);
    expect(await caught(() => unwrapOwn(wrap, change))).toBe('wrap-invalid');
  });

  test('are refused with any byte altered and with any other length', async () => {
    const wrap = wrapKey(content, keys, context);
    for (const [part, step] of [
      ['capsule', 3],
      ['companionCiphertext', 40],
      ['wrappedKey', 3],
    ] as const) {
      for (let i = 0; i < wrap[part].length; i += step) {
        const altered = wrap[part].slice();
        altered[i]! ^= 1;
        expect([part, i, await caught(() => unwrapOwn({ ...wrap, [part]: altered }))]).toEqual([
          part,
          i,
          'wrap-invalid',
        ]);
      }
      for (const length of [0, wrap[part].length - 1])
        expect(await caught(() => unwrapOwn({ ...wrap, [part]: wrap[part].slice(0, length) }))).toBe('wrap-invalid');
      const longer = concat(wrap[part], Uint8Array.of(0));
      expect(await caught(() => unwrapOwn({ ...wrap, [part]: longer }))).toBe('wrap-invalid');
    }
    expect(() => wrapKey({ ...content, fileKey: new Uint8Array(31) }, keys, context)).toThrow(
      'file key must be 32 bytes',
    );
  });

  test('of the form before the companion keys are refused', async () => {
    const { capsule, ciphertext } = umbralEncrypt(publicKeyOf(cell), fileKey);
    const old = { capsule: encodeCapsule(capsule), wrappedKey: ciphertext, label: new Uint8Array(0) };
    for (const companionCiphertext of [new Uint8Array(0), new Uint8Array(1120)])
      expect(await caught(() => unwrapOwn({ ...old, companionCiphertext }))).toBe('wrap-invalid');
  });

  test('with a plaintext that is no file key are refused', async () => {
    const wrap = wrapKey(content, keys, context);
    const secrets = {
      umbral: decapsulateOriginal(cell, decodeCapsule(wrap.capsule)),
      companion: companion.decapsulate(wrap.companionCiphertext),
    };
    const cipher = () => fileKeyCipher(secrets, concat(wrap.capsule, wrap.companionCiphertext), context);
    expect(unwrapOwn({ ...wrap, wrappedKey: cipher().encrypt(fileKey) })).toEqual(fileKey);
    const short = cipher().encrypt(new Uint8Array(31));
    expect(await caught(() => unwrapOwn({ ...wrap, wrappedKey: short }))).toBe('wrap-invalid');
  });

  test('are the same as with the formula of the page, computed by the platform', () => {
    const wrap = wrapKey(content, keys, context);
    const both = concat(
      decapsulateOriginal(cell, decodeCapsule(wrap.capsule)),
      companion.decapsulate(wrap.companionCiphertext),
    );
    const info = concat(
      utf8('pcehr/v1/wrap'),
      createHash('sha256').update(wrap.capsule).update(wrap.companionCiphertext).digest(),
      identityKey(context.patient),
      idBytes(context.record),
      Uint8Array.of(0, 0, 0, 1),
      idBytes(context.folder),
      Uint8Array.of(0, 0, 0, 1),
    );
    const key = new Uint8Array(hkdfSync('sha256', both, new Uint8Array(0), info, 32));
    const cipher = createCipheriv('chacha20-poly1305', key, new Uint8Array(12), { authTagLength: 16 });
    const sealed = concat(cipher.update(fileKey), cipher.final(), cipher.getAuthTag());
    expect(sealed).toEqual(wrap.wrappedKey);
  });

  test('for a companion key that is no X-Wing key are not made', async () => {
    const large = companion.publicKey.slice().fill(0xff, 0, 3);
    const smallOrder = companion.publicKey.slice().fill(0, 1184);
    for (const bad of [large, smallOrder, companion.publicKey.slice(1), new Uint8Array(0)])
      expect(await caught(() => wrapKey(content, { ...keys, companion: bad }, context))).toBe('key-invalid');
  });

  test('open with the fragments of two of three proxies, and not with those of one', async () => {
    const wrap = wrapKey(content, keys, context);
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
      expect(unwrapAs(wrap, recipient, two)).toEqual(fileKey);
    expect(await caught(() => unwrapAs(wrap, recipient, [a]))).toBe('wrap-invalid');
    // The capsule fragments of another wrap for the same cell do not open this wrap.
    const other = wrapKey(content, keys, context);
    expect(await caught(() => unwrapAs(other, recipient, [a, b]))).toBe('wrap-invalid');
  });

  test('of another record are refused by the commitment, before a client wraps the key again', async () => {
    const s = await seal(new Uint8Array(3));
    await assertCommit(fileKey, s.header, s.commit);
    expect(await codeOf(assertCommit(new Uint8Array(32), s.header, s.commit))).toBe('commit-mismatch');
    expect(await codeOf(assertCommit(fileKey, { ...s.header, version: 2 }, s.commit))).toBe('commit-mismatch');
  });
});

describe('sealed texts', () => {
  const inbox = decapsulator(systemRng(32));
  const context: TextContext = {
    kind: 'folder-name',
    sender: heading.patient,
    receiver: heading.patient,
    statement: heading.folder,
  };

  test('open in their own context only', async () => {
    const sealed = sealText(context, 'Husten, Herbst ü', inbox.publicKey);
    expect(sealed).toHaveLength(1136 + 64);
    expect(openText(sealed, inbox, context)).toBe('Husten, Herbst ü');
    const others: TextContext[] = [
      { ...context, kind: 'request-message' },
      { ...context, sender: heading.author },
      { ...context, receiver: heading.author },
      { ...context, statement: newId() },
    ];
    for (const other of others) expect(await caught(() => openText(sealed, inbox, other))).toBe('text-invalid');
    expect(await caught(() => openText(sealed, decapsulator(systemRng(32)), context))).toBe('text-invalid');
    for (const length of [0, 100, 1120, 1135, 1199])
      expect(await caught(() => openText(sealed.subarray(0, length), inbox, context))).toBe('text-invalid');
    for (const at of [0, 1087, 1088, 1119, 1120, 1199]) {
      const altered = sealed.slice();
      altered[at]! ^= 1;
      expect(await caught(() => openText(altered, inbox, context))).toBe('text-invalid');
    }
  });

  test('of the form before X-Wing are refused', async () => {
    const { capsule, ciphertext } = umbralEncrypt(publicKeyOf(randomSecretKey()), new Uint8Array(1200));
    expect(await caught(() => openText(concat(encodeCapsule(capsule), ciphertext), inbox, context))).toBe(
      'text-invalid',
    );
  });

  test.each(['', 'x', 'x'.repeat(5000), 'nul \0 within and at the end \0', '"quoted" \\ {"text":"y"}', '🫀 ü\u0301'])(
    'open to the same text: %j',
    (text) => {
      expect(openText(sealText(context, text, inbox.publicKey), inbox, context)).toBe(text);
    },
  );

  const binding = { info: utf8('pcehr/v1/text'), aad: utf8(JSON.stringify(context)) };
  const sealedAs = (json: string, length: number): Uint8Array => {
    const plain = new Uint8Array(length);
    plain.set(utf8(json));
    return sealBox(inbox.publicKey, binding, plain);
  };
  const good = JSON.stringify({ text: 'x' });

  test('made by another implementation of the page, they open', () => {
    expect(openText(sealedAs(good, 64), inbox, context)).toBe('x');
  });

  test.each([
    ['padded further', good, 128],
    ['a length that is not a multiple of 64', good, good.length],
    ['an additional member', JSON.stringify({ text: 'x', more: 1 }), 64],
    ['white space', '{ "text":"x"}', 64],
    ['no text', '{}', 64],
    ['a number', JSON.stringify({ text: 1 }), 64],
    ['null', 'null', 64],
    ['nothing', '', 64],
  ])('%s: refused', async (_, json, padded) => {
    expect(await caught(() => openText(sealedAs(json, padded), inbox, context))).toBe('text-invalid');
  });
});

describe('companion seeds', () => {
  const inbox = decapsulator(systemRng(32));
  const context: SeedsContext = { patient: heading.patient, recipient: heading.author, grant: newId(), extension: 0 };
  const seeds = [systemRng(32), systemRng(32), systemRng(32)];

  test('open in their own statement only', async () => {
    const sealed = sealSeeds(seeds, inbox.publicKey, context);
    expect(sealed).toHaveLength(1136 + 3 * 32);
    expect(openSeeds(sealed, inbox, context)).toEqual(seeds);
    const others: SeedsContext[] = [
      { ...context, patient: heading.author },
      { ...context, recipient: heading.patient },
      { ...context, grant: newId() },
      { ...context, extension: 1 },
    ];
    for (const other of others) expect(await caught(() => openSeeds(sealed, inbox, other))).toBe('seeds-invalid');
    expect(await caught(() => openSeeds(sealed, decapsulator(systemRng(32)), context))).toBe('seeds-invalid');
    for (const at of [0, 1119, 1120, sealed.length - 1]) {
      const altered = sealed.slice();
      altered[at]! ^= 1;
      expect(await caught(() => openSeeds(altered, inbox, context))).toBe('seeds-invalid');
    }
  });

  test('with a length that is no multiple of 32 are refused, and those of a sealed text too', async () => {
    const aad = concat(identityKey(context.patient), identityKey(context.recipient), idBytes(context.grant), u32(0));
    const box = (info: string, length: number) =>
      sealBox(inbox.publicKey, { info: utf8(info), aad }, new Uint8Array(length));
    expect(openSeeds(box('pcehr/v1/companions', 64), inbox, context)).toEqual([new Uint8Array(32), new Uint8Array(32)]);
    expect(await caught(() => openSeeds(box('pcehr/v1/companions', 63), inbox, context))).toBe('seeds-invalid');
    expect(await caught(() => openSeeds(box('pcehr/v1/text', 64), inbox, context))).toBe('seeds-invalid');
    expect(() => sealSeeds([new Uint8Array(31)], inbox.publicKey, context)).toThrow('seed must be 32 bytes');
  });
});
