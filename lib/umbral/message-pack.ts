// Encodes and decodes the MessagePack framing of Umbral objects in one canonical form (fixarray, bin 8, booleans). Other implementations decode
// more forms, but encode only this one.
import { concat } from '../bytes/binary.ts';
import { UmbralError } from './errors.ts';

const FIXARRAY = 0x90;
const BIN8 = 0xc4;
const FALSE = 0xc2;
const TRUE = 0xc3;

export const array = (count: number): Uint8Array => Uint8Array.of(FIXARRAY | count);
export const bin = (bytes: Uint8Array): Uint8Array => concat(Uint8Array.of(BIN8, bytes.length), bytes);
export const bool = (value: boolean): Uint8Array => Uint8Array.of(value ? TRUE : FALSE);

/** Reads an encoding of fixed length from front to back. Every method throws {@link UmbralError} `bad-encoding` if the bytes are not as expected. */
export interface Reader {
  readonly array: (count: number) => void;
  readonly bin: (length: number) => Uint8Array;
  readonly bool: () => boolean;
}

/**
 * Makes a reader of an encoding.
 * @param length the only length that is accepted. The fields have fixed lengths, so a caller that reads all fields reads every byte
 * @param what names the object in errors
 */
export const reader = (bytes: Uint8Array, length: number, what: string): Reader => {
  const bad = (): never => {
    throw new UmbralError('bad-encoding', `not the canonical form of a ${what}`);
  };
  if (bytes.length !== length) bad();
  let at = 0;
  const expect = (byte: number): void => {
    if (bytes[at++] !== byte) bad();
  };
  return {
    array: (count) => expect(FIXARRAY | count),
    bin: (size) => {
      expect(BIN8);
      expect(size);
      return bytes.slice(at, (at += size));
    },
    bool: () => {
      const byte = bytes[at++];
      return byte === TRUE || (byte === FALSE ? false : bad());
    },
  };
};
