// Checks arguments that have the wrong value although TypeScript cannot say so: an application may take them from its user, or be in JavaScript.
import { CATEGORIES, PURPOSES, RIGHTS } from '../../statements/fields.ts';
import { displayText } from '../texts/display-text.ts';
import { ClientError } from './errors.ts';

const VALID = { category: CATEGORIES, purpose: PURPOSES, right: RIGHTS } as const;

/** Checks a category, purpose or right. @throws {ClientError} `bad-argument`; its message has the valid values */
export const assertValid = (what: keyof typeof VALID, value: string): void => {
  const valid: readonly string[] = VALID[what];
  if (!valid.includes(value))
    throw new ClientError('bad-argument', `this is no ${what}; the valid ones are ${valid.join(', ')}`);
};

/** Checks that the name of a folder is a text in which something can be seen. @throws {ClientError} `bad-argument` */
export const assertFolderName = (name: unknown): void => {
  if (typeof name !== 'string' || displayText(name) === '')
    throw new ClientError('bad-argument', 'the name of a folder is a text of at least one visible character');
};

/**
 * Returns the origin of the service, as request signatures need it: scheme, host, and the port unless it is the default of the scheme.
 * @throws {ClientError} `bad-argument`, which says what is wrong; the message does not repeat the text, because it may contain a password
 */
export const serviceOrigin = (text: string): string => {
  const refused = (fault: string): ClientError =>
    new ClientError(
      'bad-argument',
      `origin ${fault}: write scheme, host and port only, such as https://api.example.org`,
    );
  if (typeof text !== 'string' || !/^https?:\/\//iu.test(text))
    throw refused('does not begin with https:// or http://');
  if (!URL.canParse(text)) throw refused('is no URL');
  const { origin, username, password, pathname, search, hash } = new URL(text);
  if (username !== '' || password !== '') throw refused('has a user name or a password');
  if (pathname !== '/') throw refused('has a path');
  if (search !== '' || hash !== '') throw refused('has a query or a fragment');
  return origin;
};
