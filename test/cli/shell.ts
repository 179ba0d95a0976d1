// A small shell for tests of the command line: runs the lines of a transcript (`$ pcehr ...`) over the service in memory, and returns the transcript with
// what they printed. It knows pcehr, setsid, echo, cat, ls, chmod and export, pipes, and `>`.
import { createHash } from 'node:crypto';
import { chmod, mkdtemp, readdir, readFile, realpath, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { toBase32 } from '../../lib/bytes/codec.ts';
import type { Io, Questions } from '../../lib/cli/io.ts';
import { run } from '../../lib/cli/program.ts';
import { systemRng } from '../../lib/bytes/binary.ts';
import { fill } from '../statements/samples.ts';
import { memoryService } from '../support/memory-service.ts';

/** Splits a command into words. Quotes keep spaces, and `\\u{1b}` is the character of that number. */
export const wordsOf = (line: string): readonly string[] =>
  [...line.matchAll(/"([^"]*)"|'([^']*)'|([^\s"']+)/g)].map(([, a, b, c]) =>
    (a ?? b ?? c!).replaceAll(/\\u\{([0-9a-f]+)\}/g, (_, code: string) =>
      String.fromCodePoint(Number.parseInt(code, 16)),
    ),
  );

/** What the shell types at a question. Words that are asked back are taken from the text that was shown. */
const answersFrom = (typed: string[], seen: (line: string) => void): Questions => {
  let shown = '';
  const answer = (message: string, fallback: string): string => {
    const given = typed.shift() ?? fallback;
    return (seen(`? ${message}: ${given}`), given);
  };
  return {
    secret: async (message) => {
      // A transcript shows stars. Eight of them are the right passphrase; another number of them is typed as it stands.
      const other = /^\*+$/.test(typed[0] ?? '') ? typed.shift() : undefined;
      seen(`? ${message}: ${other ?? '********'}`);
      return other ?? PASSPHRASE;
    },
    text: async (message) => {
      const [, place] = /^Word (\d+)$/.exec(message) ?? [];
      if (place === undefined) return answer(message, '');
      const word = new RegExp(`(?:^|\\s)${place}\\. (\\w+)`).exec(shown)?.[1] ?? '';
      return answer(message, word);
    },
    yes: async (message) => answer(message, 'yes') === 'yes',
    reveal: async (text, message) => {
      shown = text;
      seen(text.trimEnd());
      answer(message, 'yes');
    },
  };
};

export const PASSPHRASE = 'correct horse battery staple';

export interface Result {
  readonly code: number;
  readonly out: string;
  readonly err: string;
}

const NOTHING: Result = { code: 0, out: '', err: '' };

export interface RunOptions {
  readonly stdin?: string;
  /** Whether there is a terminal: questions can be asked, and stdout and stderr are terminals. */
  readonly terminal?: boolean;
  readonly typed?: readonly string[];
  readonly io?: Partial<Io>;
}

/** A stand-in for the n-th id of a transcript, so that a page has the same ids after each run. */
const standIn = (n: number): string => toBase32(createHash('sha256').update(`id ${n}`).digest().subarray(0, 16));

export const makeShell = async () => {
  let now = Date.parse('2026-03-01T09:00:00Z');
  const service = memoryService({ clock: () => now });
  // The real path, because the program prints the path that the system names.
  const folder = await realpath(await mkdtemp(join(tmpdir(), 'pcehr-')));
  const before = process.cwd();
  process.chdir(folder);
  const identities = [1, 2, 3, 4, 5, 6, 7, 8].map((n) => fill(n, 32));
  const drawn = new Set<string>();
  /** Stand-ins by id, in the order in which the ids appear. */
  const shown = new Map<string, string>();
  const rng = (length: number): Uint8Array => {
    const bytes = systemRng(length);
    if (length === 16) drawn.add(toBase32(bytes));
    return bytes;
  };
  const env: Record<string, string> = {};

  /** Runs one command line of pcehr. Its arguments name files in the shell's folder as they are. */
  const pcehr = async (argv: readonly string[], options: RunOptions = {}): Promise<Result> => {
    const [out, err]: [Buffer[], Buffer[]] = [[], []];
    const into = (chunks: Buffer[]) => ({
      isTerminal: options.terminal ?? false,
      write: async (data: string | Uint8Array) => void chunks.push(Buffer.from(data)),
    });
    const output = into(err);
    const seed = argv.includes('init') ? identities.shift() : undefined;
    let seeded = seed;
    const io: Io = {
      env,
      home: folder,
      stdin: new Blob([options.stdin ?? '']).stream(),
      out: into(out),
      err: output,
      questions:
        options.terminal === true
          ? answersFrom([...(options.typed ?? [])], (line) => void output.write(`${line}\n`))
          : undefined,
      clock: () => now,
      sleep: async (ms) => {
        now += ms;
      },
      rng: (length) => {
        // The words come from a fixed seed, and the words that are asked back are always the same, so that a page shows the same after each run.
        if (length === 3) return Uint8Array.of(3, 11, 20);
        const fixed = length === 32 ? seeded : undefined;
        if (fixed !== undefined) seeded = undefined;
        return fixed ?? rng(length);
      },
      fetch: service.fetch,
      signal: new AbortController().signal,
      pid: process.pid,
      isRunning: () => false,
      scryptLogN: 4,
      ...options.io,
    };
    now += 60_000;
    const code = await run(argv, io);
    return { code, out: Buffer.concat(out).toString('utf8'), err: Buffer.concat(err).toString('utf8') };
  };

  const path = (name: string): string => join(folder, name);

  const stages: Record<string, (args: readonly string[], options: RunOptions) => Promise<Result>> = {
    pcehr,
    // Runs a command without a terminal, as the real setsid does.
    setsid: ([, ...args], options) => pcehr(args, { ...options, terminal: false }),
    export: async ([word = '']) => {
      const [name = '', value = ''] = word.split('=');
      env[name] = value;
      return NOTHING;
    },
    chmod: async ([mode = '', name = '']) => (await chmod(path(name), Number.parseInt(mode, 8)), NOTHING),
    echo: async (args) => ({ code: 0, out: `${args.join(' ')}\n`, err: '' }),
    cat: async ([name = ''], { stdin = '' }) => ({
      code: 0,
      out: name === '' ? stdin : await readFile(path(name), 'utf8').catch(() => `cat: ${name}: no such file\n`),
      err: '',
    }),
    ls: async ([name = '.']) => ({ code: 0, out: `${(await readdir(path(name))).sort().join('\n')}\n`, err: '' }),
  };

  const runLine = async (line: string, options: RunOptions): Promise<Result> => {
    const [command = '', target] = line.split(' > ');
    let [stdin, code, err] = [options.stdin ?? '', 0, ''];
    for (const stage of command.split(' | ')) {
      const [name = '', ...args] = wordsOf(stage);
      const result = await stages[name]!(args, { ...options, stdin });
      [stdin, code, err] = [result.out, result.code, err + result.err];
    }
    if (target !== undefined) await writeFile(path(target.trim()), stdin);
    return { code, out: target === undefined ? stdin : '', err };
  };

  /** Replaces each random id, whole or cut to 8 characters, by its stand-in, and the shell's folder by `~`. */
  const normal = (text: string): string => {
    const hidden = text.replaceAll(folder, '~');
    return hidden.replaceAll(/(?<![a-z2-7])(?:[a-z2-7]{26}|[a-z2-7]{8})(?![a-z2-7])/g, (word) => {
      const id = [...drawn].find((d) => d.startsWith(word));
      if (id === undefined) return word;
      const known = shown.get(id) ?? standIn(shown.size);
      shown.set(id, known);
      return known.slice(0, word.length);
    });
  };

  /** Replaces stand-ins in a line by the real ids. */
  const real = (line: string): string =>
    [...shown].reduce(
      (text, [id, stand]) => text.replaceAll(stand, id).replaceAll(stand.slice(0, 8), id.slice(0, 8)),
      line.replaceAll('~/', `${folder}/`),
    );

  /** Runs one line of a transcript. Returns the lines below it: stderr, stdout, and `[exit N]` unless the exit code is 0. */
  const transcribe = async (line: string, typed: readonly string[]): Promise<string> => {
    const isPlain = !line.includes(' | ') && !line.includes(' > ');
    const { code, out, err } = await runLine(real(line), { terminal: isPlain, typed });
    return normal(`${err}${out}${code === 0 ? '' : `[exit ${code}]\n`}`);
  };

  /**
   * Runs the lines of a transcript that begin with `$ `, and returns the transcript with their output. What the transcript shows as typed at a question
   * (`? Question: answer`) is typed again.
   */
  const replay = async (transcript: string): Promise<string> => {
    let text = '';
    for (const part of transcript.split(/^(?=\$ )/m)) {
      const [line = '', ...shownBefore] = part.split('\n');
      const typed = shownBefore.flatMap(
        (l) => /^(?:\? (?!Word |Are all 24).*|Give this\?): (?!\*{8}$)(.*)$/.exec(l)?.[1] ?? [],
      );
      text += line.startsWith('$ ') ? `${line}\n${await transcribe(line.slice(2), typed)}` : part;
    }
    return text;
  };

  return {
    folder,
    path,
    service,
    pcehr,
    replay,
    /** Moves the clock. */
    later: (ms: number) => {
      now += ms;
    },
    end: () => {
      process.chdir(before);
      return rm(folder, { recursive: true, force: true });
    },
  };
};
export type Shell = Awaited<ReturnType<typeof makeShell>>;
