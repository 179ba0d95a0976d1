// SHA-256, HMAC, HKDF and the nonces of RFC 6979 (FIPS 180-4, RFC 2104, 5869). The time depends only on the length of a message, which is public.
import { SHA_K, SHA_START } from './generated/constants';
import { MESSAGE, TEMP } from './layout';

const SCHEDULE: usize = TEMP + 2400; // 64 words
const STATE: usize = SCHEDULE + 256;
const OUTER: usize = STATE + 32; // a block of key, a digest, and their padding

function compress(block: usize): void {
  for (let i: usize = 0; i < 64; i += 4) store<u32>(SCHEDULE + i, bswap<u32>(load<u32>(block + i)));
  for (let i: usize = 64; i < 256; i += 4) {
    const x = load<u32>(SCHEDULE + i - 60);
    const y = load<u32>(SCHEDULE + i - 8);
    const s0 = rotr<u32>(x, 7) ^ rotr<u32>(x, 18) ^ (x >> 3);
    const s1 = rotr<u32>(y, 17) ^ rotr<u32>(y, 19) ^ (y >> 10);
    store<u32>(SCHEDULE + i, load<u32>(SCHEDULE + i - 64) + s0 + load<u32>(SCHEDULE + i - 28) + s1);
  }
  let a = load<u32>(STATE);
  let b = load<u32>(STATE, 4);
  let c = load<u32>(STATE, 8);
  let d = load<u32>(STATE, 12);
  let e = load<u32>(STATE, 16);
  let f = load<u32>(STATE, 20);
  let g = load<u32>(STATE, 24);
  let h = load<u32>(STATE, 28);
  for (let i: usize = 0; i < 256; i += 4) {
    const s1 = rotr<u32>(e, 6) ^ rotr<u32>(e, 11) ^ rotr<u32>(e, 25);
    const t1 = h + s1 + ((e & f) ^ (~e & g)) + load<u32>(SHA_K + i) + load<u32>(SCHEDULE + i);
    const s0 = rotr<u32>(a, 2) ^ rotr<u32>(a, 13) ^ rotr<u32>(a, 22);
    const t2 = s0 + ((a & b) ^ (a & c) ^ (b & c));
    h = g;
    g = f;
    f = e;
    e = d + t1;
    d = c;
    c = b;
    b = a;
    a = t1 + t2;
  }
  store<u32>(STATE, load<u32>(STATE) + a);
  store<u32>(STATE, load<u32>(STATE, 4) + b, 4);
  store<u32>(STATE, load<u32>(STATE, 8) + c, 8);
  store<u32>(STATE, load<u32>(STATE, 12) + d, 12);
  store<u32>(STATE, load<u32>(STATE, 16) + e, 16);
  store<u32>(STATE, load<u32>(STATE, 20) + f, 20);
  store<u32>(STATE, load<u32>(STATE, 24) + g, 24);
  store<u32>(STATE, load<u32>(STATE, 28) + h, 28);
}

/** o[32] = SHA-256 of the bytes at `a`. 72 bytes after them are overwritten with the padding. */
export function digest(o: usize, a: usize, length: usize): void {
  const whole = (length + 72) & ~63;
  memory.fill(a + length, 0, whole - length);
  store<u8>(a + length, 0x80);
  store<u32>(a + whole - 4, bswap<u32>(<u32>(length << 3)));
  memory.copy(STATE, SHA_START, 32);
  for (let i: usize = 0; i < whole; i += 64) compress(a + i);
  for (let i: usize = 0; i < 32; i += 4) store<u32>(o + i, bswap<u32>(load<u32>(STATE + i)));
}

/** o[32] = HMAC with key[32] of the `length` bytes at MESSAGE + 64. The block of the key is written before them. */
export function authenticate(o: usize, key: usize, length: usize): void {
  for (let i: usize = 0; i < 64; i++) {
    const byte: u8 = i < 32 ? load<u8>(key + i) : 0;
    store<u8>(MESSAGE + i, byte ^ 0x36);
    store<u8>(OUTER + i, byte ^ 0x5c);
  }
  digest(OUTER + 64, MESSAGE, length + 64);
  digest(o, OUTER, 96);
}

const K: usize = OUTER + 128 + 64;
const V: usize = K + 32;

/** Derives 32 bytes to o with HKDF from the `length` bytes at MESSAGE + 64, without salt and info. */
export function deriveKey(o: usize, length: usize): void {
  memory.fill(K, 0, 32);
  authenticate(V, K, length);
  store<u8>(MESSAGE + 64, 1);
  authenticate(o, V, 1);
}

function update(separator: i32, data: usize, length: usize): void {
  memory.copy(MESSAGE + 64, V, 32);
  store<u8>(MESSAGE + 96, <u8>separator);
  memory.copy(MESSAGE + 97, data, length);
  authenticate(K, K, 33 + length);
  nextNonce(V);
}

/** Starts the nonces of RFC 6979 from x, the digest modulo n, and additional data: 96 bytes at `data`. */
export function startNonces(data: usize): void {
  memory.fill(K, 0, 32);
  memory.fill(V, 1, 32);
  update(0, data, 96);
  update(1, data, 96);
}

/** o[32] = the next candidate for a nonce. */
export function nextNonce(o: usize): void {
  memory.copy(MESSAGE + 64, V, 32);
  authenticate(V, K, 32);
  if (o !== V) memory.copy(o, V, 32);
}

/** Updates the generator of RFC 6979 after a nonce candidate was refused, so that `nextNonce` gives another one. */
export function refuseNonce(): void {
  update(0, V, 0);
}
