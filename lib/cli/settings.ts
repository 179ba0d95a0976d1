// Reads the settings of a profile from the words of the user: the address of the service, its key, and the addresses of the storage. Pure.
import { usage } from './errors.ts';
import { visible } from './format.ts';
import type { Settings } from './profile.ts';

const ADVICE = 'write scheme, host and port only, as in https://api.example.org';

/** Checks an address: scheme, host and port, and nothing else. @throws {CliError} `usage` */
export const readOrigin = (text: string): string => {
  const url = URL.canParse(text) ? new URL(text) : undefined;
  if (url === undefined || !['http:', 'https:'].includes(url.protocol))
    throw usage(`'${visible(text)}' is no address of a service`, ADVICE);
  if (url.origin !== text.replace(/\/$/, '')) throw usage(`'${visible(text)}' is more than an address`, ADVICE);
  return url.origin;
};

/** SEC 1 compressed P-256 point, 33 bytes in base64url. */
const readServiceKey = (text: string): string => {
  if (!/^A[g-z0-9_-][\w-]{42}$/.test(text))
    throw usage(`'${visible(text)}' is no service key`, 'the operator names it: 44 characters that begin with A');
  return text;
};

type SettingName = 'origin' | 'service-key' | 'storage-origins';
type Stored = Exclude<keyof Settings, 'id'>;

interface Setting {
  readonly stored: Stored;
  readonly read: (text: string) => string | readonly string[];
}

export const SETTINGS: Readonly<Record<SettingName, Setting>> = {
  origin: { stored: 'origin', read: readOrigin },
  'service-key': { stored: 'serviceKey', read: readServiceKey },
  'storage-origins': { stored: 'storageOrigins', read: (text) => text.split(',').map(readOrigin) },
};

/** @throws {CliError} `usage` */
export const settingNamed = (name: string): Setting => {
  if (!Object.hasOwn(SETTINGS, name))
    throw usage(`there is no setting '${visible(name)}'`, `the settings are ${Object.keys(SETTINGS).join(', ')}`);
  return SETTINGS[name as SettingName];
};

/** Returns the settings with one of them changed; without a text it is removed. */
export const withSetting = (settings: Settings, { stored, read }: Setting, text: string | undefined): Settings => {
  const { [stored]: _, ...others } = settings;
  return text === undefined ? others : { ...others, [stored]: read(text) };
};

/** The settings as the command config prints them. */
export const settingRows = (settings: Settings): readonly (readonly [name: string, value: string])[] =>
  Object.entries(SETTINGS).flatMap(([name, { stored }]) => {
    const value = settings[stored];
    return value === undefined ? [] : [[name, typeof value === 'string' ? value : value.join(',')] as const];
  });
