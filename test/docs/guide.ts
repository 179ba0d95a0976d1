// Reads the examples of the guide to the SDK (docs/client*.md), and the output of each according to the page.
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { ROOT } from './page-faults.ts';

/** In reading order: the program of each page continues the one before. */
const PAGES = ['client.md', 'client-trail.md', 'client-files.md', 'client-errors.md'];

export interface Example {
  /** Page and heading. */
  readonly name: string;
  readonly code: string;
  /** The `text` block that follows the code; empty if there is none. */
  readonly prints: string;
}

const EXAMPLE = /^```ts\n(.*?)^```(?:\n\n```text\n(.*?)^```)?/gms;

const examplesOf = (page: string): readonly Example[] => {
  const [, ...sections] = readFileSync(join(ROOT, 'docs', page), 'utf8').split(/^## /m);
  return sections.flatMap((section) =>
    [...section.matchAll(EXAMPLE)].map(([, code = '', prints = '']) => ({
      name: `${page}: ${section.split('\n')[0]}`,
      code,
      prints,
    })),
  );
};

export const guideExamples = (): readonly Example[] => PAGES.flatMap(examplesOf);
