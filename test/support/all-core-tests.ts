// Imports all tests of the rules and use cases, and of the pages about them, into one file. So mutation testing loads the sources only once for each mutant.
import { readdirSync } from 'node:fs';
import { join } from 'node:path';

for (const folder of ['domain', 'usecases'].map((name) => join(import.meta.dirname, '..', name)))
  for (const file of readdirSync(folder).filter((name) => name.endsWith('.test.ts'))) await import(join(folder, file));
// The tests of these pages run rules of lib/domain.
for (const page of ['clock-limits', 'life-of-a-grant']) await import(`../docs/${page}.test.ts`);
