// Builds all files that are generated from the contract in lib/api, keyed by path.
import { format } from 'prettier';
import { openapiDocument } from './document.ts';
import { errorsPage } from './errors-page.ts';
import { routesPage } from './routes-page.ts';

/** Builds the files. @param version the version of the package */
export const contractFiles = async (version: string): Promise<Readonly<Record<string, string>>> => ({
  'docs/openapi.json': `${JSON.stringify(openapiDocument(version), undefined, 2)}\n`,
  'docs/spec/errors.md': await format(errorsPage(), { parser: 'markdown', printWidth: 120 }),
  'docs/spec/routes.md': await format(routesPage(), { parser: 'markdown', printWidth: 120 }),
});
