// Use case openapi: returns the contract as an OpenAPI document, which is generated at build time.
import type { Answer } from '../api/routes.ts';

interface Deps {
  readonly document: () => Answer<'openapi'>;
}

export function openapi({ document }: Deps): Answer<'openapi'> {
  return document();
}
