/** Makes a value at its first use and keeps it. A failure is not kept: the next use tries again. */
export function once<T>(make: () => T): () => T {
  let made: { readonly value: T } | undefined;
  return () => (made ??= { value: make() }).value;
}
