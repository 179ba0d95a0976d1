// Lazy value: makes a value at its first use.
/** Makes a value at its first use and returns the same afterwards. After a failure the next use tries again. */
export function once<T>(make: () => T): () => T {
  let made: { readonly value: T } | undefined;
  return () => (made ??= { value: make() }).value;
}
