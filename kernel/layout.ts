// Where things stand in linear memory. Everything is static: no allocator, and one range to wipe.
// Field element: 9 i32, 36 bytes. Affine point: x, y, 72 bytes in a stride of 80. Jacobian point: x, y, z, 108 bytes in a stride of 112.
export const FIELD: usize = 36;
export const AFFINE: usize = 80;
export const JACOBIAN: usize = 112;
/** A point as callers hold it: affine, its encoding (33 bytes at 80), and whether it is the identity (at 113). */
export const HELD: usize = 128;
export const X: usize = 0;
export const Y: usize = 36;
export const Z: usize = 72;

/** Scalars, points and results of one call. */
export const SLOTS: i32 = 64;
/** Points of one interleaved sum. */
export const TERMS: i32 = 32;

// Below are the constants that the compiler places.
export const SCALARS: usize = 0x1000; // 32 bytes each, little endian
export const POINTS: usize = SCALARS + 64 * 32;
export const OUT: usize = POINTS + 64 * HELD;
export const SUMS: usize = OUT + 64 * HELD; // Jacobian
export const INVERSES: usize = SUMS + 64 * JACOBIAN; // 40 bytes each
export const BYTES: usize = INVERSES + 64 * 40; // digests and signatures
/** A block, then up to 1024 bytes to be hashed, then their padding. */
export const MESSAGE: usize = BYTES + 256;
export const TEMP: usize = MESSAGE + 64 + 1024 + 128;
export const TABLES: usize = TEMP + 4096; // of each term: P, 3P, ... 15P, then the same of lambda P
export const RATIOS: usize = TABLES + 32 * 16 * AFFINE;
export const DIGITS: usize = RATIOS + 32 * 8 * 40; // two halves of a scalar; 320 bytes a term, and for G and U
/** Nothing from here on depends on a secret. */
export const PUBLIC: usize = DIGITS + 34 * 320;
export const BLIND: usize = PUBLIC; // affine B, then what each kind of walk adds too much, negated
export const FIXED_G: usize = BLIND + 5 * AFFINE;
export const FIXED_U: usize = FIXED_G + 352 * AFFINE;
/** P, 3P, ... 127P, then the same of lambda P. */
export const ODD_G: usize = FIXED_U + 352 * AFFINE;
export const ODD_U: usize = ODD_G + 128 * AFFINE;
export const BUILD: usize = ODD_U + 128 * AFFINE;
export const END: usize = BUILD + 352 * (JACOBIAN + 40);

export function slot(base: usize, stride: usize, i: i32): usize {
  return base + stride * <usize>i;
}
