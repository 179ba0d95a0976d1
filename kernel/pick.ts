// Table look-up in constant time: reads every entry, so the cache does not show which one was selected.
import { negateIf } from './field';
import { AFFINE, Y } from './layout';

/** Copies point `index` of a table of `entries` affine points to `o`. Negates its y if `negate` is -1 (all bits are ones), and not if it is 0. */
export function pick(o: usize, table: usize, entries: i32, index: i32, negate: i32): void {
  const wanted = i32x4.splat(index);
  let a = i32x4.splat(0);
  let b = a;
  let c = a;
  let d = a;
  let e = a;
  let at = table;
  for (let i = 0; i < entries; i++) {
    const mask = i32x4.eq(i32x4.splat(i), wanted);
    a = v128.or(a, v128.and(v128.load(at), mask));
    b = v128.or(b, v128.and(v128.load(at, 16), mask));
    c = v128.or(c, v128.and(v128.load(at, 32), mask));
    d = v128.or(d, v128.and(v128.load(at, 48), mask));
    e = v128.or(e, v128.and(v128.load(at, 64), mask));
    at += AFFINE;
  }
  v128.store(o, a);
  v128.store(o, b, 16);
  v128.store(o, c, 32);
  v128.store(o, d, 48);
  v128.store(o, e, 64);
  negateIf(o + Y, negate);
}
