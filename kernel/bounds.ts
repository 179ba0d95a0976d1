// Functions with which the debug build asserts the bounds of limbs. The release build leaves these calls out: even a disabled assertion
// would compute its argument.

function size(limb: i64): u64 {
  return <u64>(limb < 0 ? -limb : limb);
}

/** The largest magnitude of a limb. */
export function largest(a: usize): u64 {
  let most: u64 = 0;
  for (let i = 0; i < 9; i++) most = max<u64>(most, size(<i64>load<i32>(a + 4 * i)));
  return most;
}

/** The largest magnitude of a limb of a - b. */
export function largestDifference(a: usize, b: usize): u64 {
  let most: u64 = 0;
  for (let i = 0; i < 9; i++) most = max<u64>(most, size(<i64>load<i32>(a + 4 * i) - <i64>load<i32>(b + 4 * i)));
  return most;
}

/** Checks that the sum of 9 products of at most `product` each, plus the reduction (under 2^50), fits into i64. */
export function fits(product: u64): bool {
  return product < (((<u64>1) << 63) - ((<u64>1) << 50)) / 9;
}

/** Checks that the limbs have the bounds of a product's result. */
export function reduced(a: usize): bool {
  for (let i = 0; i < 9; i++) {
    const limb = load<i32>(a + 4 * i);
    const slack = i === 2 ? 1 << 13 : 0;
    if (limb < -slack || limb >= (1 << (i === 8 ? 24 : 29)) + slack) return false;
  }
  return true;
}
