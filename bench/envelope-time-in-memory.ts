// Measures sealing and opening of a body in memory, from stream to stream, digest included. It runs in Node and in a page.
import { openBlob } from '../lib/envelope/open-blob.ts';
import { sealBlob } from '../lib/envelope/seal-blob.ts';
import { someHeading } from './sample-header.ts';

/** Size of the pieces of a stream, bytes. */
const PIECE = 1024 * 1024;

function* piecesOf(bytes: Uint8Array): Generator<Uint8Array> {
  for (let at = 0; at < bytes.length; at += PIECE) yield bytes.subarray(at, at + PIECE);
}

const streamOf = (parts: readonly Uint8Array[]): ReadableStream<Uint8Array> => {
  const pieces = parts.flatMap((part) => [...piecesOf(part)]).values();
  return new ReadableStream({
    pull: (controller) => {
      const { done, value } = pieces.next();
      if (done === true) controller.close();
      else controller.enqueue(value);
    },
  });
};

/** How long it took to seal and to open the body, in seconds. */
export interface Sealing {
  readonly seal: number;
  readonly open: number;
}

export const sealAndOpen = async (body: Uint8Array): Promise<Sealing> => {
  const fileKey = new Uint8Array(32).fill(7);
  const began = performance.now();
  const { header, commit, parts, facts } = await sealBlob(streamOf([body]), fileKey, someHeading());
  const sealed: Uint8Array[] = [];
  for await (const { bytes } of parts) sealed.push(bytes);
  const between = performance.now();
  const { plainLength, ...known } = facts();
  const opened = await openBlob(streamOf(sealed), fileKey, { header, commit, ...known }, { plainLength });
  const reader = opened.getReader();
  let length = 0;
  for (let next = await reader.read(); !next.done; next = await reader.read()) length += next.value.length;
  const ended = performance.now();
  if (length !== body.length) throw new Error(`${length} bytes came out of ${body.length}`);
  return { seal: (between - began) / 1000, open: (ended - between) / 1000 };
};

/** Seals and opens a body of this many bytes, `times` times, after one warm-up run. */
export const envelope = async (bytes: number, times: number): Promise<readonly Sealing[]> => {
  // Fills the body, because the system allocates memory only when a program writes to it.
  const body = new Uint8Array(bytes).fill(7);
  await sealAndOpen(body.subarray(0, bytes / 8));
  const done: Sealing[] = [];
  for (let i = 0; i < times; i++) done.push(await sealAndOpen(body));
  return done;
};
