// Makes file names of names that other people chose. Their authors can choose any characters, so a name such as `../.bashrc` would lead out of the folder.

/** The longest safe name, bytes of UTF-8. eCryptfs allows 143. HFS+ allows 255 UTF-16 units in decomposed form, and 140 bytes never decompose to more. */
const MOST_BYTES = 140;
/** The longest extension that a shortened name keeps, UTF-16 units, with its dot. */
const EXTENSION = /\.[^. ]{1,15}$/u;

/** Invisible characters and direction marks. */
const INVISIBLE = /[\p{Default_Ignorable_Code_Point}\p{Bidi_Control}]/gu;
/**
 * Characters that a file name of Linux, macOS or Windows must not have. The list has the tilde, because `LONGNA~1` on Windows names the file `Long name`. It has
 * private characters, because WSL and Cygwin use them for forbidden ones, and lookalikes of slashes, because old code pages turn them into slashes.
 */
const FORBIDDEN =
  /[\p{Cc}\p{Cs}\p{Co}\p{Noncharacter_Code_Point}<>:"/\\|?*~\u2044\u2215\u2216\u2800\u29F5\u29F8\u29F9\uFFF9-\uFFFB]/u;
/** The names of devices on Windows, with any extension: https://learn.microsoft.com/windows/win32/fileio/naming-a-file */
const DEVICE = /^(?:con|prn|aux|nul|com[0-9¹²³]|lpt[0-9¹²³]|conin\$|conout\$|clock\$) *(?:\.|$)/iu;
/** A beginning with a dot, which hides the file or names a folder, or with a dash, which a command takes for an option. */
const BAD_START = /^[_ ]*[.-][._ -]*/u;

const bytesIn = (text: string): number => new TextEncoder().encode(text).length;

/** Returns the longest beginning of whole code points that has at most `most` bytes. */
const cut = (text: string, most: number): string => {
  let kept = '';
  let left = most;
  for (const character of text) {
    left -= bytesIn(character);
    if (left < 0) break;
    kept += character;
  }
  return kept;
};

/** Splits a name before its extension, which can be empty. */
const split = (name: string): readonly [stem: string, extension: string] => {
  const extension = EXTENSION.exec(name)?.[0] ?? '';
  return [name.slice(0, name.length - extension.length), extension];
};

/** Puts a suffix before the extension, and shortens what stands before it until the name has at most {@link MOST_BYTES}. */
const fitted = (name: string, suffix = ''): string => {
  if (suffix === '' && bytesIn(name) <= MOST_BYTES) return name;
  const [stem, extension] = split(name);
  return cut(stem, MOST_BYTES - bytesIn(suffix + extension)).trimEnd() + suffix + extension;
};

/** A character is also forbidden if its compatibility form has a forbidden one, such as the fullwidth slash. */
const isForbidden = (character: string): boolean =>
  FORBIDDEN.test(character) || (character > '\u007f' && FORBIDDEN.test(character.normalize('NFKC')));

/** @returns the empty string if nothing of the name is left */
const cleaned = (claimed: string): string => {
  const plain = claimed.replaceAll(INVISIBLE, '').normalize('NFC').replaceAll(/\s+/gu, ' ').trim();
  const allowed = Array.from(plain, (c) => (isForbidden(c) ? '_' : c)).join('');
  const started = allowed.replace(BAD_START, '_').replace(/[. ]+$/u, '');
  return fitted(DEVICE.test(started) ? `_${started}` : started).replace(/[. ]+$/u, '');
};

/**
 * Makes a file name of a name that somebody else chose. The result is one path component that Linux, macOS and Windows accept: not empty, at most 140 bytes, no
 * separator, control, invisible or direction character, no reserved name, no dot or dash at its beginning, no dot or space at its end. It says nothing about
 * the content: `.exe` stays `.exe`. Two names can become one: {@link uniqueNames}.
 * @param fallback used if nothing of the name is left; made safe too
 */
export const safeName = (claimed: string | undefined, fallback = 'unnamed'): string =>
  cleaned(claimed ?? '') || cleaned(fallback) || 'unnamed';

/** Returns a key. Two names have the same key if a file system may take them for one name: they differ in case or in Unicode normal form only. */
const sameness = (name: string): string => name.normalize('NFKD').toLowerCase().toUpperCase().normalize('NFKD');

/**
 * Returns a function that makes safe names and returns no name twice: the second `scan.dcm` becomes `scan (2).dcm`. It takes names as equal that differ only in
 * case or in Unicode normal form, because macOS and Windows do.
 * @param taken names that are in use, for example those in the folder
 */
export const uniqueNames = (
  taken: Iterable<string> = [],
): ((claimed: string | undefined, fallback?: string) => string) => {
  const used = new Set(Array.from(taken, sameness));
  const next = new Map<string, number>();
  return (claimed, fallback) => {
    const name = safeName(claimed, fallback);
    const key = sameness(name);
    let free = name;
    let number = next.get(key) ?? 2;
    for (; used.has(sameness(free)); number++) free = fitted(name, ` (${number})`);
    next.set(key, number);
    used.add(sameness(free));
    return free;
  };
};
