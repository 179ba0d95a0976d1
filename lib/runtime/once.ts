// Lazy value: makes a value at its first use.
/** Returns a function that makes a value at its first call, and returns the same value afterwards. After a failure the next call tries again. */
export function once<T>(make: () => T): () => T {
  let made: { readonly value: T } | undefined;
  return () => (made ??= { value: make() }).value;
}
