// Memory that is given back at once. What an engine answers in is as large as a chunk and collected tens of megabytes later, and memory that was just
// used is cheaper to have again than memory that was not.

interface Transferable extends ArrayBuffer {
  /** ECMAScript 2024: browsers, and Node from 22. */
  readonly transfer?: (length: number) => ArrayBuffer;
}

let closed: MessagePort | undefined;
/** What is sent to a port that is closed is gone. */
const intoTheVoid = (buffer: ArrayBuffer): void => {
  if (closed === undefined) {
    const { port1, port2 } = new MessageChannel();
    port2.close();
    closed = port1;
  }
  closed.postMessage(undefined, [buffer]);
};

/** The whole buffer under these bytes, which nobody may use any more: they are empty from now on, or are left to be collected. */
export const free = ({ buffer }: Uint8Array): void => {
  const { transfer } = buffer as Transferable;
  if (transfer !== undefined) transfer.call(buffer, 0);
  else if (typeof MessageChannel !== 'undefined') intoTheVoid(buffer as ArrayBuffer);
};
