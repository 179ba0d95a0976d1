// Tests identities of the public API: creation, restoring from words, and key files.
import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import { writeFileSync } from 'node:fs';
import { mkdtemp, readdir, readFile, rm, stat, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { inspect } from 'node:util';
import {
  createIdentity,
  encodeKeyFile,
  identityFromKeyFile,
  identityFromWords,
  IdentityError,
  readKeyFile,
  sealKeyFile,
  writeKeyFile,
} from '../../lib/client/node.ts';

let folder: string;
beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'identity-'));
});
afterAll(() => rm(folder, { recursive: true }));

test('24 words restore the identity', () => {
  const { identity, words } = createIdentity();
  expect(words.split(' ')).toHaveLength(24);
  const again = identityFromWords(`  ${words.toUpperCase()} `);
  expect([again.id, again.next, again.generation]).toEqual([identity.id, identity.next, 1]);
  expect(again.keys.sign(new Uint8Array(1))).toEqual(identity.keys.sign(new Uint8Array(1)));
});

test('generation 2 of the words has the key that generation 1 announces as next', () => {
  const { identity, words } = createIdentity();
  const second = identityFromWords(words, 2);
  expect(second.generation).toBe(2);
  expect(second.id).not.toBe(identity.id);
  expect(second.next).not.toBe(identity.next);
});

test('two new identities differ, and equal random bytes give equal identities', () => {
  expect(createIdentity().identity.id).not.toBe(createIdentity().identity.id);
  const rng = (length: number) => new Uint8Array(length).fill(7);
  expect(createIdentity(rng).identity.id).toBe(createIdentity(rng).identity.id);
});

test('an identity prints as a placeholder', () => {
  const { identity } = createIdentity();
  expect([String(identity as unknown), JSON.stringify(identity), inspect(identity)]).toEqual([
    '[identity]',
    '"[identity]"',
    '[identity]',
  ]);
});

test('refuses words that are not a valid mnemonic', () => {
  expect(() => identityFromWords('abandon')).toThrow(IdentityError);
});

describe('key files', () => {
  test('a plain and a sealed key file restore the identity', async () => {
    const { identity } = createIdentity();
    expect((await identityFromKeyFile(encodeKeyFile(identity))).id).toBe(identity.id);
    const sealed = await sealKeyFile(identity, 'correct horse');
    expect((await identityFromKeyFile(sealed, 'correct horse')).next).toBe(identity.next);
    await expect(identityFromKeyFile(sealed, 'wrong')).rejects.toMatchObject({ code: 'wrong-passphrase' });
    await expect(identityFromKeyFile(sealed)).rejects.toMatchObject({ code: 'bad-key-file' });
    // This test uses scrypt three times, which takes long.
  }, 300_000);

  test('a key file on disk is readable by its owner only, and is never overwritten', async () => {
    const [path, { identity }] = [join(folder, 'keys.json'), createIdentity()];
    await writeKeyFile(path, identity);
    expect((await stat(path)).mode & 0o777).toBe(0o600);
    expect((await readKeyFile(path)).id).toBe(identity.id);
    // Windows PowerShell writes UTF-16 with a BOM.
    const copied = `${path}.copy`;
    await writeFile(copied, Buffer.from(`\ufeff${await readFile(path, 'utf8')}`, 'utf16le'));
    expect((await readKeyFile(copied)).id).toBe(identity.id);
    await rm(copied);
    const before = await readFile(path, 'utf8');
    await expect(writeKeyFile(path, createIdentity().identity)).rejects.toMatchObject({ code: 'EEXIST' });
    expect(await readFile(path, 'utf8')).toBe(before);
    expect(await readdir(folder)).toEqual(['keys.json']);
  });

  // The passphrase is empty, which sealing would refuse. The error is about the target instead, so the client checks the target before it seals.
  test.each([
    ['EEXIST', 'keys.json'],
    ['ENOENT', join('missing', 'keys.json')],
    ['ENOTDIR', join('keys.json', 'keys.json')],
  ])('a target that cannot be written is refused before the key is derived: %s', async (code, name) => {
    const path = join(folder, name);
    await writeFile(join(folder, 'keys.json'), 'x');
    const error = await writeKeyFile(path, createIdentity().identity, '').catch((e: unknown) => e);
    expect(error).toMatchObject({ code, path });
    expect((error as Error).message).toContain(`'${path}'`);
    expect((error as Error).message).not.toContain('.part');
    expect(await readdir(folder)).toEqual(['keys.json']);
  });

  test('a file that appears meanwhile is not overwritten', async () => {
    const [path, { identity }] = [join(folder, 'raced.json'), createIdentity()];
    const racing = {
      ...identity,
      get seed() {
        writeFileSync(path, 'x');
        return identity.seed;
      },
    };
    const error = await writeKeyFile(path, racing).catch((e: unknown) => e);
    expect(error).toMatchObject({ code: 'EEXIST', path });
    expect((error as Error).message).toContain(`'${path}'`);
    expect((error as Error).message).not.toContain('.part');
    expect(await readFile(path, 'utf8')).toBe('x');
    await rm(path);
  });

  test('no file stays if the key cannot be derived', async () => {
    const path = join(folder, 'none.json');
    await expect(writeKeyFile(path, createIdentity().identity, '')).rejects.toMatchObject({ code: 'bad-passphrase' });
    expect(await readdir(folder)).not.toContain('none.json');
    expect((await readdir(folder)).filter((name) => name.endsWith('.part'))).toEqual([]);
  });

  test('refuses a damaged file on disk', async () => {
    const path = join(folder, 'damaged.json');
    await writeFile(path, '{}');
    await expect(readKeyFile(path)).rejects.toMatchObject({ code: 'bad-key-file' });
  });
});
