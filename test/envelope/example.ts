// Builds the worked example of docs/spec/{blob,wrap,label,metadata,sealed-text}.md. All inputs are fixed, so all bytes of the example are fixed too.
import { readFileSync } from 'node:fs';
import { concat } from '../../lib/bytes/binary.ts';
import { fromHex, toHex, utf8 } from '../../lib/bytes/codec.ts';
import { identityId, newId, type FolderId, type RecordId } from '../../lib/bytes/ids.ts';
import { encodeHeader, sha256 } from '../../lib/envelope/header.ts';
import { labelHash, labelOf } from '../../lib/envelope/label.ts';
import { sealMetadata } from '../../lib/envelope/metadata.ts';
import { sealBlob } from '../../lib/envelope/seal-blob.ts';
import { sealText } from '../../lib/envelope/sealed-text.ts';
import { wrapHash, wrapKey } from '../../lib/envelope/wrap.ts';
import { decapsulator } from '../../lib/envelope/x-wing.ts';
import { publicKeyOf, SecretKey } from '../../lib/umbral/keys.ts';
import { counting } from '../support/counting.ts';

const repeated = (byte: number, length: number): Uint8Array => new Uint8Array(length).fill(byte);
export const fileKey = Uint8Array.from({ length: 32 }, (_, i) => i);
export const body = utf8('Blood pressure 120/80 mmHg');
const patient = identityId(repeated(0x22, 32));
const folder = newId<FolderId>(() => repeated(0x33, 16));
export const heading = {
  record: newId<RecordId>(() => repeated(0x11, 16)),
  version: 1,
  patient,
  folder,
  author: identityId(repeated(0x44, 32)),
  created: 1_764_000_000_000,
};
export const metadata = {
  length: body.length,
  fileName: 'bp.txt',
  mediaType: 'text/plain',
  clinicalDate: '2025-11-24',
};
export const cell = SecretKey.fromBytes(repeated(0x55, 32));
export const companionSeed = repeated(0x77, 32);
export const wrapContext = { patient, record: heading.record, version: 1, folder, epoch: 1 };
export const inboxSeed = repeated(0x66, 32);
export const place = { kind: 'folder-name', sender: patient, receiver: patient, statement: folder } as const;
export const text = 'Heart';

/** Builds all values of the example. Bytes are written in hexadecimal. */
export const makeExample = async () => {
  const sealed = await sealBlob(
    (async function* () {
      yield await Promise.resolve(body);
    })(),
    fileKey,
    heading,
    { chunk: 20, rng: counting() },
  );
  const parts: Uint8Array[] = [];
  for await (const part of sealed.parts) parts.push(part.bytes);
  const header = encodeHeader(sealed.header);
  const sealedMetadata = await sealMetadata(metadata, fileKey, sealed.header);
  const cellKeys = { key: publicKeyOf(cell), companion: decapsulator(companionSeed).publicKey };
  const wrap = wrapKey({ fileKey, label: labelOf(metadata) }, cellKeys, wrapContext, counting());
  return {
    fileKey: toHex(fileKey),
    header: toHex(header),
    headerHash: toHex(await sha256(header)),
    commit: toHex(sealed.commit),
    body: toHex(body),
    blob: toHex(concat(...parts)),
    digest: toHex(sealed.facts().digest),
    metadata: JSON.stringify(metadata),
    sealedMetadata: toHex(sealedMetadata),
    metadataHash: toHex(await sha256(sealedMetadata)),
    cellSecretKey: toHex(cell.toBytes()),
    companionSeed: toHex(companionSeed),
    companion: toHex(cellKeys.companion),
    capsule: toHex(wrap.capsule),
    companionCiphertext: toHex(wrap.companionCiphertext),
    wrappedKey: toHex(wrap.wrappedKey),
    label: toHex(wrap.label),
    labelText: JSON.stringify(labelOf(metadata)),
    labelHash: toHex(labelHash(wrap.companionCiphertext, wrap.label)),
    wrapHash: toHex(await wrapHash(wrap)),
    inboxSeed: toHex(inboxSeed),
    inbox: toHex(decapsulator(inboxSeed).publicKey),
    place,
    text,
    sealedText: toHex(sealText(place, text, decapsulator(inboxSeed).publicKey, counting())),
  };
};

export type Example = Awaited<ReturnType<typeof makeExample>>;
export const example = JSON.parse(readFileSync(new URL('example.json', import.meta.url), 'utf8')) as Example;
export const bytesOf = (hex: string): Uint8Array => fromHex(hex);
