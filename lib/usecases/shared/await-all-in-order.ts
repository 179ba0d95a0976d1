// Awaits several promises so that the error does not depend on which of them fails first.

/** Awaits several promises at once. If several fail, it throws the error of the first in the list, whichever failed first. */
export async function awaitAllInOrder<T extends readonly unknown[] | []>(
  work: T,
): Promise<{ -readonly [P in keyof T]: Awaited<T[P]> }> {
  await Promise.allSettled(work);
  return Promise.all(work);
}
