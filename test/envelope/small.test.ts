// Metadata, wraps and sealed texts.
import { describe, expect, test } from '@jest/globals';
import { utf8 } from '../../lib/bytes/codec.ts';
import { newId } from '../../lib/bytes/ids.ts';
import { decrypt, deriveKeys, encrypt } from '../../lib/envelope/keys.ts';
import { openMetadata, sealMetadata } from '../../lib/envelope/metadata.ts';
import { assertCommit } from '../../lib/envelope/open.ts';
import { openText, sealText, type TextPlace } from '../../lib/envelope/sealed-text.ts';
import { unwrapOriginal, unwrapReencrypted, wrapHash, wrapKey } from '../../lib/envelope/wrap.ts';
import { decodeCapsule } from '../../lib/umbral/capsule.ts';
import { generateKFrags } from '../../lib/umbral/delegator.ts';
import { publicKeyOf, randomSecretKey } from '../../lib/umbral/keys.ts';
import { reencrypt } from '../../lib/umbral/proxy.ts';
import { codeOf, fileKey, heading, seal } from './helpers.ts';

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

  test('too long, of wrong type, altered, for another header: refused', async () => {
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
    '\u00ff',
  ])('sealed, but not in its one form: %s', async (text) => {
    const plain = new Uint8Array(512);
    plain.set(utf8(text));
    const sealed = await encrypt((await deriveKeys(fileKey, header)).metadata, new Uint8Array(12), plain);
    expect(await codeOf(openMetadata(sealed, fileKey, header))).toBe('metadata-invalid');
  });

  test('padded further than needed is not its one form', async () => {
    const plain = new Uint8Array(1024);
    plain.set(utf8('{"length":1}'));
    const { metadata, payload } = await deriveKeys(fileKey, header);
    expect(await codeOf(openMetadata(await encrypt(metadata, new Uint8Array(12), plain), fileKey, header))).toBe(
      'metadata-invalid',
    );
    // The keys for body and metadata are not the same.
    expect(
      await decrypt(payload, new Uint8Array(12), await encrypt(metadata, new Uint8Array(12), plain)),
    ).toBeUndefined();
  });
});

describe('wraps', () => {
  const cell = randomSecretKey();
  const recipient = randomSecretKey();
  const signer = randomSecretKey();

  test('open with the cell key, and re-encrypted with the recipient key, and with nothing else', async () => {
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

  test('of another record: the commitment tells before anybody re-wraps', async () => {
    const s = await seal(new Uint8Array(3));
    await assertCommit(fileKey, s.header, s.commit);
    expect(await codeOf(assertCommit(new Uint8Array(32), s.header, s.commit))).toBe('commit-mismatch');
    expect(await codeOf(assertCommit(fileKey, { ...s.header, version: 2 }, s.commit))).toBe('commit-mismatch');
  });
});

describe('sealed texts', () => {
  const inbox = randomSecretKey();
  const place: TextPlace = {
    kind: 'folder-name',
    sender: heading.patient,
    receiver: heading.patient,
    statement: heading.folder,
  };

  test('open in their place only', async () => {
    const sealed = sealText(place, 'Husten, Herbst ü', publicKeyOf(inbox));
    expect((sealed.length - 145) % 64).toBe(0);
    expect(openText(sealed, inbox, place)).toBe('Husten, Herbst ü');
    const others: TextPlace[] = [
      { ...place, kind: 'request-message' },
      { ...place, sender: heading.author },
      { ...place, receiver: heading.author },
      { ...place, statement: newId() },
    ];
    for (const other of others) expect(await caught(() => openText(sealed, inbox, other))).toBe('text-invalid');
    expect(await caught(() => openText(sealed, randomSecretKey(), place))).toBe('text-invalid');
    expect(await caught(() => openText(sealed.subarray(0, 100), inbox, place))).toBe('text-invalid');
    sealed[120]! ^= 1;
    expect(await caught(() => openText(sealed, inbox, place))).toBe('text-invalid');
  });
});
