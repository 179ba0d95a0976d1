// Memory layout of the kernel: the address and size of everything in linear memory. All of it is static, so there is no allocator, and one range to wipe.
// A slot is the index of a scalar, a point, a result or a sum in its array (SCALARS, POINTS, OUT, SUMS).
// Field element: 9 i32, 36 bytes. Affine point: x, y, 72 bytes in a stride of 80. Jacobian point: x, y, z, 108 bytes in a stride of 112.
export const FIELD: usize = 36;
export const AFFINE: usize = 80;
export const JACOBIAN: usize = 112;
/** Bytes of a point in the form that callers read and write: affine, its encoding (33 bytes at 80), and the flag for the identity (at 113). */
export const HELD: usize = 128;
export const X: usize = 0;
export const Y: usize = 36;
export const Z: usize = 72;

/** A call has at most this number of scalars, the same of points, and the same of results. */
export const SLOTS: i32 = 64;
/** Maximum number of points in one interleaved sum. */
export const TERMS: i32 = 32;

// The memory below 0x1000 contains the constants, whose addresses the compiler chooses.
export const SCALARS: usize = 0x1000; // 32 bytes each, little endian
export const POINTS: usize = SCALARS + 64 * 32;
export const OUT: usize = POINTS + 64 * HELD;
export const SUMS: usize = OUT + 64 * HELD; // Jacobian
export const INVERSES: usize = SUMS + 64 * JACOBIAN; // 40 bytes each
export const BYTES: usize = INVERSES + 64 * 40; // digests and signatures
/** Contains one block (the key of HMAC), then up to 1024 bytes of message, then the padding of both. */
export const MESSAGE: usize = BYTES + 256;
export const TEMP: usize = MESSAGE + 64 + 1024 + 128;
export const TABLES: usize = TEMP + 4096; // for each term: P, 3P, ... 15P, then the same multiples of lambda P
export const RATIOS: usize = TABLES + 32 * 16 * AFFINE;
export const DIGITS: usize = RATIOS + 32 * 8 * 40; // two halves of a scalar: 320 bytes for each term, and for G and U
/** From here on, nothing depends on a secret. */
export const PUBLIC: usize = DIGITS + 34 * 320;
export const BLIND: usize = PUBLIC; // affine B, then the negated excess of each kind of sum
export const FIXED_G: usize = BLIND + 5 * AFFINE;
export const FIXED_U: usize = FIXED_G + 352 * AFFINE;
/** P, 3P, ... 127P, then the same multiples of lambda P. */
export const ODD_G: usize = FIXED_U + 352 * AFFINE;
export const ODD_U: usize = ODD_G + 128 * AFFINE;
export const BUILD: usize = ODD_U + 128 * AFFINE;
export const END: usize = BUILD + 352 * (JACOBIAN + 40);

export function slot(base: usize, stride: usize, i: i32): usize {
  return base + stride * <usize>i;
}
