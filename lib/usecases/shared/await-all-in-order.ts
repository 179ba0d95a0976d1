// Awaits several promises so that the error does not depend on which promise fails first.

/** Awaits several promises at once. If several fail, it throws the error of the one that is first in the list, even if another one failed earlier. */
export async function awaitAllInOrder<T extends readonly unknown[] | []>(
  work: T,
): Promise<{ -readonly [P in keyof T]: Awaited<T[P]> }> {
  await Promise.allSettled(work);
  return Promise.all(work);
}
