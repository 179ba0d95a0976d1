// The contract as a document, generated at build time.
import type { Answer } from '../api/routes.ts';

interface Deps {
  readonly document: () => Answer<'openapi'>;
}

export function openapi({ document }: Deps): Answer<'openapi'> {
  return document();
}
