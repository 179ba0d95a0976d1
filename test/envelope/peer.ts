// Second implementation of the blob format, written from docs/spec/{blob,metadata}.md on node:crypto. It uses nothing of lib/envelope.
import { createCipheriv, createDecipheriv, createHash, hkdfSync } from 'node:crypto';

/** The fields of the header, in their order. */
export interface PeerHeader {
  readonly chunk: number;
  readonly flags: number;
  readonly record: Uint8Array;
  readonly version: number;
  readonly patient: Uint8Array;
  readonly folder: Uint8Array;
  readonly author: Uint8Array;
  readonly created: number;
  readonly salt: Uint8Array;
}

const PART = 8_388_608;
const TAG = 16;
const sha256 = (bytes: Uint8Array): Buffer => createHash('sha256').update(bytes).digest();

const u64 = (value: number): Buffer => {
  const out = Buffer.alloc(8);
  out.writeBigUInt64BE(BigInt(value));
  return out;
};

export const peerHeader = (h: PeerHeader): Uint8Array =>
  new Uint8Array(
    Buffer.concat([
      Buffer.from('PCE1', 'ascii'),
      Buffer.of(1, 1, h.chunk, h.flags),
      h.record,
      u64(h.version),
      h.patient,
      h.folder,
      h.author,
      u64(h.created),
      h.salt,
    ]),
  );

export const peerKey = (fileKey: Uint8Array, header: Uint8Array, use: 'commit' | 'payload' | 'metadata'): Uint8Array =>
  new Uint8Array(hkdfSync('sha256', fileKey, sha256(header), `PCE1/${use}`, 32));

export const peerNonce = (index: number, last: boolean): Uint8Array => {
  const nonce = Buffer.alloc(12);
  nonce.writeUInt32BE(index, 7);
  nonce[11] = last ? 1 : 0;
  return new Uint8Array(nonce);
};

export const gcmSeal = (key: Uint8Array, nonce: Uint8Array, plain: Uint8Array): Uint8Array => {
  const cipher = createCipheriv('aes-256-gcm', key, nonce);
  return new Uint8Array(Buffer.concat([cipher.update(plain), cipher.final(), cipher.getAuthTag()]));
};

/** Decrypts with AES-GCM. @throws {Error} if the tag is wrong */
export const gcmOpen = (key: Uint8Array, nonce: Uint8Array, sealed: Uint8Array): Uint8Array => {
  const decipher = createDecipheriv('aes-256-gcm', key, nonce, { authTagLength: TAG });
  decipher.setAuthTag(sealed.subarray(-TAG));
  return new Uint8Array(Buffer.concat([decipher.update(sealed.subarray(0, -TAG)), decipher.final()]));
};

export const peerDigest = (blob: Uint8Array): Uint8Array => {
  const whole = createHash('sha256');
  for (let at = 0; at === 0 || at < blob.length; at += PART) whole.update(sha256(blob.subarray(at, at + PART)));
  return new Uint8Array(whole.digest());
};

/** Seals these chunks without checking them, so that a test can also make blobs that no honest author makes. */
export const peerSealChunks = (fileKey: Uint8Array, header: Uint8Array, chunks: readonly Uint8Array[]): Uint8Array => {
  const key = peerKey(fileKey, header, 'payload');
  return new Uint8Array(
    Buffer.concat(chunks.map((chunk, i) => gcmSeal(key, peerNonce(i, i === chunks.length - 1), chunk))),
  );
};

export const peerPadded = (body: Uint8Array): Uint8Array => {
  let length = 512;
  while (length < body.length) length *= 2;
  const out = new Uint8Array(length);
  out.set(body);
  return out;
};

export const peerSeal = (fileKey: Uint8Array, h: PeerHeader, body: Uint8Array): Uint8Array => {
  const plain = h.flags === 1 ? peerPadded(body) : body;
  const size = 2 ** h.chunk;
  const chunks = [plain.subarray(0, size)];
  for (let at = size; at < plain.length; at += size) chunks.push(plain.subarray(at, at + size));
  return peerSealChunks(fileKey, peerHeader(h), chunks);
};

/** Opens a blob, and returns the body with its padding. @throws {Error} if a tag is wrong */
export const peerOpen = (fileKey: Uint8Array, h: PeerHeader, blob: Uint8Array): Uint8Array => {
  const key = peerKey(fileKey, peerHeader(h), 'payload');
  const size = 2 ** h.chunk + TAG;
  const plain: Uint8Array[] = [];
  for (let i = 0, at = 0; at < blob.length; i++, at += size)
    plain.push(gcmOpen(key, peerNonce(i, at + size >= blob.length), blob.subarray(at, at + size)));
  return new Uint8Array(Buffer.concat(plain));
};

/** Seals a metadata text. */
export const peerMetadata = (fileKey: Uint8Array, h: PeerHeader, text: string): Uint8Array => {
  const plain = peerPadded(Buffer.from(text, 'utf8'));
  return gcmSeal(peerKey(fileKey, peerHeader(h), 'metadata'), new Uint8Array(12), plain);
};
