// Tests the worked example of docs/spec: lib/envelope makes and opens all of it, the second implementation (peer.ts) makes and opens its
// blob, and the pages show it.
import { readFileSync } from 'node:fs';
import { describe, expect, test } from '@jest/globals';
import { fromUtf8, toHex } from '../../lib/bytes/codec.ts';
import { idBytes, identityKey } from '../../lib/bytes/ids.ts';
import { openMetadata } from '../../lib/envelope/metadata.ts';
import { collect, openBlob } from '../../lib/envelope/open-blob.ts';
import { openText } from '../../lib/envelope/sealed-text.ts';
import { openWrap, readLabel } from '../../lib/envelope/wrap.ts';
import { decapsulator } from '../../lib/envelope/x-wing.ts';
import { decodeCapsule } from '../../lib/umbral/capsule.ts';
import { decapsulateOriginal } from '../../lib/umbral/delegator.ts';
import { counting } from '../support/counting.ts';
import {
  body,
  bytesOf,
  cell,
  companionSeed,
  example,
  fileKey,
  heading,
  inboxSeed,
  makeExample,
  metadata,
  wrapContext,
} from './example.ts';
import { inPieces } from './sample-blobs.ts';
import { peerDigest, peerHeader, peerKey, peerMetadata, peerOpen, peerPadded, peerSeal } from './peer.ts';

const header = { ...heading, algorithm: 1, chunk: 20, flags: 1, salt: counting()(16) };
const peer = {
  ...header,
  record: idBytes(header.record),
  patient: identityKey(header.patient),
  folder: idBytes(header.folder),
  author: identityKey(header.author),
};

test('equals the result of lib/envelope', async () => {
  expect(await makeExample()).toEqual(example);
});

test('opens with lib/envelope', async () => {
  const blob = bytesOf(example.blob);
  const signed = { header, commit: bytesOf(example.commit), digest: bytesOf(example.digest), length: blob.length };
  const meta = await openMetadata(bytesOf(example.sealedMetadata), fileKey, header);
  expect(meta).toEqual(metadata);
  const opened = await openBlob(inPieces(blob, 100), fileKey, signed, { plainLength: meta.length });
  expect(await collect(opened)).toEqual(body);
  const { capsule, companionCiphertext, wrappedKey, label } = example;
  const wrap = {
    capsule: bytesOf(capsule),
    companionCiphertext: bytesOf(companionCiphertext),
    wrappedKey: bytesOf(wrappedKey),
    label: bytesOf(label),
  };
  const umbral = () => decapsulateOriginal(cell, decodeCapsule(wrap.capsule));
  const companion = decapsulator(companionSeed);
  const content = openWrap(wrap, { umbral, companion }, wrapContext);
  expect([toHex(content.fileKey), JSON.stringify(content.label)]).toEqual([example.fileKey, example.labelText]);
  expect(readLabel(wrap, companion, wrapContext)).toEqual(content.label);
  expect(openText(bytesOf(example.sealedText), decapsulator(inboxSeed), example.place)).toBe(example.text);
});

test('is reproduced and opened by the second implementation', () => {
  expect(toHex(peerHeader(peer))).toBe(example.header);
  expect(toHex(peerKey(fileKey, peerHeader(peer), 'commit'))).toBe(example.commit);
  expect(toHex(peerSeal(fileKey, peer, body))).toBe(example.blob);
  expect(peerOpen(fileKey, peer, bytesOf(example.blob))).toEqual(peerPadded(body));
  expect(toHex(peerDigest(bytesOf(example.blob)))).toBe(example.digest);
  expect(toHex(peerMetadata(fileKey, peer, example.metadata))).toBe(example.sealedMetadata);
});

/** Returns the text of the page without white space, because pages break long values into lines. */
const page = (name: string): string =>
  readFileSync(new URL(`../../docs/spec/${name}.md`, import.meta.url), 'utf8').replace(/\s+/g, '');

/** Returns the beginning and the end of a long value, because pages show only these. */
const ends = (hex: string): string => `${hex.slice(0, 64)}..${hex.slice(-32)}`;

describe('is printed on the page', () => {
  test.each([
    ['blob', [example.fileKey, example.header, example.headerHash, example.commit, example.digest]],
    ['blob', [fromUtf8(bytesOf(example.body)).replaceAll(' ', ''), ends(example.blob)]],
    ['metadata', [example.metadata, ends(example.sealedMetadata), example.metadataHash]],
    ['wrap', [example.cellSecretKey, example.companionSeed, ends(example.companion)]],
    ['wrap', [example.capsule, ends(example.companionCiphertext), example.wrappedKey, ends(example.label)]],
    ['wrap', [example.wrapHash]],
    ['record-label', [example.labelText, ends(example.label), example.labelHash]],
    ['sealed-text', [example.inboxSeed, ends(example.inbox), JSON.stringify(example.place)]],
    ['sealed-text', [JSON.stringify({ text: example.text }), ends(example.sealedText)]],
  ])('%s', (name, values) => {
    for (const value of values) expect(page(name)).toContain(value);
  });
});
