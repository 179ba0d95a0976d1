// What the debug build asserts of limbs; the release build leaves it all out (an assertion alone would still compute its argument).

/** The largest limb, as a magnitude. */
export function largest(a: usize): u64 {
  let max: u64 = 0;
  for (let i = 0; i < 9; i++) {
    const limb = <i64>load<i32>(a + 4 * i);
    const size = <u64>(limb < 0 ? -limb : limb);
    if (size > max) max = size;
  }
  return max;
}

/** Whether a column of 9 products, each at most this, and what the reduction adds (under 2^50) stay within i64. */
export function fits(product: u64): bool {
  return product < (((<u64>1) << 63) - ((<u64>1) << 50)) / 9;
}

/** Whether these limbs are as a product leaves them. */
export function reduced(a: usize): bool {
  for (let i = 0; i < 9; i++) {
    const limb = load<i32>(a + 4 * i);
    const slack = i === 2 ? 1 << 13 : 0;
    if (limb < -slack || limb >= (1 << (i === 8 ? 24 : 29)) + slack) return false;
  }
  return true;
}
