// Reads the examples of the guide to the SDK (docs/client*.md), and the output that the page shows for each.
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { ROOT } from './page-faults.ts';

/** The pages in reading order. The program of each page continues the program of the page before. */
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
