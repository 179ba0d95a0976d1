// Finds faults in Markdown pages: links and paths that do not exist, and bullets that are too long.
import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { dirname, join, resolve } from 'node:path';

export const ROOT = join(import.meta.dirname, '..', '..');

export interface Page {
  /** Relative to the project's root. */
  readonly path: string;
  readonly text: string;
}

const isMarkdown = (name: string): boolean => name.endsWith('.md');
const markdownIn = (folder: string): readonly string[] =>
  readdirSync(join(ROOT, folder), { recursive: true, encoding: 'utf8' })
    .filter(isMarkdown)
    .map((name) => join(folder, name));

const readPage = (path: string): Page => ({ path, text: readFileSync(join(ROOT, path), 'utf8') });

/** Every page of docs, and every page at the root of the project or beside the code. */
export const allPages = (): readonly Page[] =>
  [
    ...readdirSync(ROOT).filter(isMarkdown),
    ...markdownIn('docs'),
    'examples/README.md',
    'localstack/README.md',
    'test/vectors/README.md',
  ].map(readPage);

const withoutFences = (text: string): string => text.replace(/^```.*?^```/gms, '');

/** The anchors that GitHub makes of the headings of a page. */
const anchorsOf = (text: string): readonly string[] => {
  const seen = new Map<string, number>();
  return [...withoutFences(text).matchAll(/^#{1,6} (.+)$/gm)].map(([, heading = '']) => {
    const slug = heading
      .trim()
      .toLowerCase()
      .replace(/[^\p{L}\p{N}\s_-]/gu, '')
      .replace(/\s/g, '-');
    const count = seen.get(slug) ?? 0;
    seen.set(slug, count + 1);
    return count === 0 ? slug : `${slug}-${count}`;
  });
};

const isElsewhere = (target: string): boolean => /^[a-z]+:/.test(target);

const LINK = /\]\(([^)\s]+)\)/g;
/** The targets of links `[text](target)`. The text may be code. */
const targetsOf = (text: string): readonly string[] =>
  [
    ...withoutFences(text)
      .replace(/`[^`\n]*`(?!\]\()/g, '')
      .matchAll(LINK),
  ].map(([, target = '']) => target);

const isBroken = (page: Page, target: string): boolean => {
  const [path = '', anchor] = target.split('#');
  const file = resolve(ROOT, dirname(page.path), path);
  if (path !== '' && !existsSync(file)) return true;
  if (anchor === undefined) return false;
  return !anchorsOf(path === '' ? page.text : readFileSync(file, 'utf8')).includes(anchor);
};

/** Targets of relative links whose file or heading does not exist. */
export const brokenLinks = (page: Page): readonly string[] =>
  targetsOf(page.text).filter((target) => !isElsewhere(target) && isBroken(page, target));

const PATH = /(?<![\w./-])(?:lib|test|functions|docs|scripts|localstack|examples|demo|bench)\/[\w./{},*<>-]*/g;

/** Expands `a/{b,c}` to two paths. */
const expand = (path: string): readonly string[] => {
  const [, before = '', inner = '', after = ''] = /^(.*?)\{(.*?)\}(.*)$/.exec(path) ?? [];
  return inner === '' ? [path] : inner.split(',').map((name) => before + name + after);
};
const isPattern = (path: string): boolean => /[*<>]|\.\.\./.test(path);
const isThere = (path: string): boolean => ['', '.ts', '.test.ts'].some((end) => existsSync(join(ROOT, path + end)));

/** Paths from the project's root that a page names in text or in code, and that do not exist. Patterns are not checked. */
export const missingPaths = ({ text }: Page): readonly string[] =>
  [...text.replace(/\]\([^)\s]+\)|https?:\S+/g, ' ').matchAll(PATH)]
    .flatMap(([path]) => expand(path.replace(/[.,]+$/, '')))
    .filter((path) => !isPattern(path) && !isThere(path));

/** Each bullet as one line. */
const bulletsOf = (text: string): readonly string[] =>
  withoutFences(text)
    .split(/\n(?=\s*(?:[-*]|\d+\.) |\n|#|\|)/)
    .filter((block) => /^\s*(?:[-*]|\d+\.) /.test(block))
    .map((block) => block.trim().replace(/\s+/g, ' '));

/** The beginnings of bullets with more than `limit` characters. */
export const longBullets = ({ text }: Page, limit: number): readonly string[] =>
  bulletsOf(text)
    .filter((bullet) => bullet.length > limit)
    .map((bullet) => `${bullet.length} characters: ${bullet.slice(0, 60)}`);

/** Whether the text before the first section links a file, given by its path from the project's root. */
export const headLinks = ({ path, text }: Page, file: string): boolean =>
  targetsOf(text.split('\n## ')[0] ?? '').some((target) => join(dirname(path), target) === file);
