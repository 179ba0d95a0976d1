// One task of the envelope bench, in a process of its own so that memory is measured separately: seals or opens a file from disk to disk, digest included,
// by threads or by streams. It prints seconds, processor seconds and peak resident set size. A file beside the blob contains what the opener needs.
import { readFileSync, writeFileSync } from 'node:fs';
import { open, type FileHandle } from 'node:fs/promises';
import { argv, resourceUsage, stdout } from 'node:process';
import { DEFAULT_CHUNK, type HeaderFields } from '../lib/envelope/header.ts';
import { openBlob, type SignedBlob } from '../lib/envelope/open-blob.ts';
import { sealBlob } from '../lib/envelope/seal-blob.ts';
import { openFile } from '../lib/files/open-file.ts';
import { sealFile, type SealedFile } from '../lib/files/seal-file.ts';
import { someHeading } from './sample-header.ts';

/** How many bytes one read takes. */
const READ = 1024 * 1024;
/** How many bytes one write takes. For larger writes Linux searches for larger pages, which can cost several times as much as the write itself. */
const BLOCK = 256 * 1024;
const [, , job, from = '', to = '', log2 = String(DEFAULT_CHUNK), width = '', ahead = '1'] = argv;
/** The number of threads, or for streams the number of chunks in flight. By default the library chooses it. */
const inFlight = width === '' ? {} : { inFlight: Number(width) };
const threads = width === '' ? {} : { threads: Number(width) };
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

/** Reads a file in blocks, one block ahead. It reuses the memory of the blocks. */
async function* source(path: string): AsyncGenerator<Uint8Array> {
  const file = await open(path);
  try {
    let [block, other] = [Buffer.alloc(READ), Buffer.alloc(READ)];
    const read = (into: Buffer) => file.read(into, 0, READ, null);
    let reading = read(block);
    for (;;) {
      const { bytesRead } = await reading;
      if (bytesRead === 0) return;
      const done = block;
      [block, other] = [other, block];
      reading = read(block);
      yield done.subarray(0, bytesRead);
    }
  } finally {
    await file.close();
  }
}

const write = async (file: FileHandle, bytes: Uint8Array): Promise<void> => {
  for (let at = 0; at < bytes.length; at += BLOCK) await file.write(bytes.subarray(at, at + BLOCK));
};

const putBeside = ({
  header: { salt, ...header },
  commit,
  digest,
  length,
  plainLength,
}: Omit<SealedFile, 'parts'>): void => {
  const beside: Beside = {
    header,
    salt: hex(salt),
    commit: hex(commit),
    digest: hex(digest),
    length,
    plainLength,
  };
  writeFileSync(`${to}.json`, JSON.stringify(beside));
};

const known = (): SignedBlob & { readonly plainLength: number } => {
  const { header, salt, commit, digest, ...lengths } = JSON.parse(readFileSync(`${from}.json`, 'utf8')) as Beside;
  return { header: { ...header, salt: unhex(salt) }, commit: unhex(commit), digest: unhex(digest), ...lengths };
};

const sealStream = async (): Promise<void> => {
  const { header, commit, parts, facts } = await sealBlob(source(from), fileKey, someHeading(), {
    chunk: Number(log2),
    ...inFlight,
  });
  const file = await open(to, 'w');
  // As in the client, the next part is sealed while earlier parts are written.
  const writing: Promise<void>[] = [];
  for await (const { bytes, release } of parts) {
    if (writing.length >= Number(ahead)) await writing.shift();
    const before = writing.at(-1);
    writing.push(
      Promise.resolve(before)
        .then(() => write(file, bytes))
        .then(release),
    );
  }
  await Promise.all(writing);
  await file.close();
  putBeside({ header, commit, ...facts() });
};

const openStream = async (): Promise<void> => {
  const { plainLength, ...blob } = known();
  const body = await openBlob(source(from), fileKey, blob, { plainLength, ...inFlight });
  const file = await open(to, 'w');
  // Gathers the pieces of the body until they are at least one block. While one block is written, the next one is gathered.
  let writing: Promise<unknown> = Promise.resolve();
  let gathered: Uint8Array[] = [];
  let bytes = 0;
  const flush = async (): Promise<void> => {
    await writing;
    writing = file.writev(gathered);
    gathered = [];
    bytes = 0;
  };
  for await (const piece of body) {
    gathered.push(piece);
    bytes += piece.length;
    if (bytes >= BLOCK) await flush();
  }
  await flush();
  await writing;
  await file.close();
};

const jobs = {
  seal: async () => putBeside(await sealFile(from, to, fileKey, someHeading(), { chunk: Number(log2), ...threads })),
  open: async () => {
    const { plainLength, ...blob } = known();
    await openFile(from, to, fileKey, blob, { plainLength, ...threads });
  },
  'seal-stream': sealStream,
  'open-stream': openStream,
};

const began = performance.now();
await jobs[job as keyof typeof jobs]();
const seconds = (performance.now() - began) / 1000;
const { userCPUTime, systemCPUTime, maxRSS } = resourceUsage();
stdout.write(JSON.stringify({ seconds, user: userCPUTime / 1e6, system: systemCPUTime / 1e6, rss: maxRSS * 1024 }));
