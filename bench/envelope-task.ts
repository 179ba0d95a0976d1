// One job of the envelope bench in a process of its own, so that its memory is its own: seals or opens a file from disk to disk, digest included, and
// prints seconds and peak resident set. What the opener needs to know lies beside the blob, as it would in a record statement.
import { createReadStream, readFileSync, writeFileSync } from 'node:fs';
import { open } from 'node:fs/promises';
import { Readable } from 'node:stream';
import { argv, resourceUsage, stdout } from 'node:process';
import { openBlob } from '../lib/envelope/open.ts';
import { sealBlob } from '../lib/envelope/seal.ts';
import type { HeaderFields } from '../lib/envelope/header.ts';
import { someHeading } from './heading.ts';

/** Bytes read from disk at a time. */
const READ = 1024 * 1024;
const [, , job, from = '', to = '', log2 = '20', width = '4'] = argv;
const fileKey = new Uint8Array(32).fill(7);

interface Beside {
  readonly header: Omit<HeaderFields, 'salt'>;
  readonly salt: string;
  readonly commit: string;
  readonly digest: string;
  readonly length: number;
  readonly plainLength: number;
}
const hex = (bytes: Uint8Array): string => Buffer.from(bytes).toString('hex');
const unhex = (text: string): Uint8Array => new Uint8Array(Buffer.from(text, 'hex'));
const source = (path: string) =>
  Readable.toWeb(createReadStream(path, { highWaterMark: READ })) as ReadableStream<Uint8Array>;

const seal = async (): Promise<void> => {
  const { header, commit, parts, facts } = await sealBlob(source(from), fileKey, someHeading(), {
    chunk: Number(log2),
    inFlight: Number(width),
  });
  const file = await open(to, 'w');
  for await (const { bytes } of parts) await file.write(bytes);
  await file.close();
  const { length, digest, plainLength } = facts();
  const { salt, ...rest } = header;
  const beside: Beside = {
    header: rest,
    salt: hex(salt),
    commit: hex(commit),
    digest: hex(digest),
    length,
    plainLength,
  };
  writeFileSync(`${to}.json`, JSON.stringify(beside));
};

const unseal = async (): Promise<void> => {
  const { header, salt, commit, digest, length, plainLength } = JSON.parse(
    readFileSync(`${from}.json`, 'utf8'),
  ) as Beside;
  const blob = { header: { ...header, salt: unhex(salt) }, commit: unhex(commit), digest: unhex(digest), length };
  const body = await openBlob(source(from), fileKey, blob, { plainLength, inFlight: Number(width) });
  const file = await open(to, 'w');
  for await (const piece of body) await file.write(piece);
  await file.close();
};

const began = performance.now();
await (job === 'seal' ? seal() : unseal());
const seconds = (performance.now() - began) / 1000;
stdout.write(JSON.stringify({ seconds, rss: resourceUsage().maxRSS * 1024 }));
