// Tests docs/spec/umbral.md and umbral-example.md against the code: the example is a recorded exchange, and the fields are at the offsets of the tables.
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, test } from '@jest/globals';
import { fromHex, toHex } from '../../lib/bytes/codec.ts';
import { PARAMETER_U } from '../../lib/umbral/hashes.ts';
import type { Flow } from './vectors.ts';

const read = (path: string): string => readFileSync(join(import.meta.dirname, '../..', path), 'utf8');
const page = read('docs/spec/umbral.md');
const examplePage = read('docs/spec/umbral-example.md');
// This reads the project's own vectors even if UMBRAL_VECTORS is set, because the page is about them.
const { flows } = JSON.parse(read('test/vectors/umbral-pre-flows.json')) as { readonly flows: readonly Flow[] };
const example = new Map(
  [...examplePage.split('```text\n')[1]!.matchAll(/^(\S[^=]*?) =((?:\s+[0-9a-f]+)+)$/gm)].map(([, name, hex]) => [
    name!,
    hex!.replace(/\s/g, ''),
  ]),
);

test('the example is the recorded exchange', () => {
  const { encrypt, kfrags, cfrags, ...flow } = flows[0]!;
  const item = kfrags.items[0]!;
  expect(Object.fromEntries(example)).toEqual({
    a: flow.delegatingSk,
    A: flow.delegatingPk,
    b: flow.receivingSk,
    B: flow.receivingPk,
    w: flow.signingSk,
    W: flow.verifyingPk,
    plaintext: flow.plaintext,
    r: encrypt.r,
    u: encrypt.u,
    nonce: encrypt.nonce,
    capsule: encrypt.capsule,
    'c(K)': encrypt.keySeed,
    key: encrypt.demKey,
    ciphertext: encrypt.ciphertext,
    x: kfrags.precursorScalar,
    'c(T)': kfrags.dhPoint,
    d: kfrags.d,
    id_1: item.id,
    x_1: item.shareIndex,
    'data for sigReceiver': item.signatureExtraEntropyReceiver,
    'data for sigProxy': item.signatureExtraEntropyProxy,
    kfrag: item.kfrag,
    t: cfrags[0]!.t,
    cfrag: cfrags[0]!.cfrag,
  });
});

test('U on the page is the one in the code', () => {
  expect(page).toContain(`\`${toHex(PARAMETER_U)}\``);
});

describe('layout of a', () => {
  test.each([
    ['Capsule', 'capsule'],
    ['Key fragment', 'kfrag'],
    ['Capsule fragment', 'cfrag'],
  ])('%s', (title, name) => {
    const [, size, table] = new RegExp(`\\*\\*${title}\\*\\*, (\\d+) bytes\\n\\n((?:\\|.*\\n)+)`).exec(page)!;
    const bytes = fromHex(example.get(name)!);
    expect(bytes).toHaveLength(Number(size));
    let at = 0;
    for (const row of table!.trim().split('\n').slice(2)) {
      const [offset, content] = row.split('|').slice(1).map((cell) => cell.trim()) as [string, string]; // prettier-ignore
      expect(at).toBe(Number(offset));
      const prefix = /^[0-9a-f]{2}(?: [0-9a-f]{2})*/.exec(content)![0].replaceAll(' ', '');
      expect(toHex(bytes.subarray(at, at + prefix.length / 2))).toBe(prefix);
      at += prefix.length / 2 + Number(/(\d+) bytes/.exec(content)?.[1] ?? 0);
    }
    expect(at).toBe(bytes.length);
  });
});
