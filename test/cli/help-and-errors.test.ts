// Tests the words of the command line: every command has help with an example, every error has a sentence, and no text has a word of the scheme.
import { describe, expect, test } from '@jest/globals';
import type { Command } from 'commander';
import { AppError, ERRORS, type ErrorCode } from '../../lib/api/errors.ts';
import { newId } from '../../lib/bytes/ids.ts';
import { BytesError } from '../../lib/bytes/errors.ts';
import { errorLines, explain } from '../../lib/cli/explain.ts';
import type { Io } from '../../lib/cli/io.ts';
import { makeProgram } from '../../lib/cli/program.ts';
import { CellsOpenError } from '../../lib/client/access/close-cells-of-ended-grants.ts';
import { RefusedRecordsError, type OpenedRecord } from '../../lib/client/records/opened-record.ts';
import type { RecordInfo } from '../../lib/client/records/verify-record.ts';
import { ClientError, ServiceError, type ClientErrorCode } from '../../lib/client/session/errors.ts';
import { EnvelopeError } from '../../lib/envelope/errors.ts';
import { IdentityError } from '../../lib/identity/errors.ts';
import { StatementError } from '../../lib/statements/errors.ts';
import { makeShell, wordsOf } from './shell.ts';

/** Words that no person outside docs/spec should have to read. */
const SCHEME = /capsule|fragment|kfrag|cfrag|\bcells?\b|\bwraps?\b|\bepochs?\b|delegat/i;

/** All commands that do something, with their full names. */
const commandsOf = (program: Command, before: readonly string[] = []): readonly (readonly [string, Command])[] =>
  program.commands.flatMap((command) => {
    const names = [...before, command.name()];
    return [[names.join(' '), command] as const, ...commandsOf(command, names)];
  });

const helpOf = (command: Command): string => {
  let text = '';
  command.configureOutput({ writeOut: (more) => (text += more) });
  command.outputHelp();
  return text;
};

describe('help', () => {
  const commands = commandsOf(makeProgram({} as Io, () => undefined));

  test('there are as many commands as the pages name', () => {
    expect(commands.map(([name]) => name)).toEqual(
      expect.arrayContaining(['init', 'contacts verify', 'put', 'ls', 'approve', 'audit']),
    );
  });

  test.each(commands)('%s has an example that the program knows', (name, command) => {
    const help = helpOf(command);
    expect(help).not.toMatch(SCHEME);
    if (command.commands.length > 0 && name === 'contacts') return;
    const examples = [...help.matchAll(/^ {2}\$ .*?pcehr ([^|]*)/gm)].map(([, line = '']) => line);
    expect(examples.length).toBeGreaterThan(0);
    for (const line of examples) {
      const words = wordsOf(line);
      expect(words.join(' ')).toContain(name);
      // Each option of the example is one of the command, or of the program.
      for (const word of words.filter((w) => w.startsWith('--'))) expect(help).toContain(word);
    }
  });

  test('approve says what it gives without an option', async () => {
    const help = helpOf(commands.find(([name]) => name === 'approve')![1]).replaceAll(/\s+/g, ' ');
    expect(help).toContain('(default: all that the request asks for)');
    expect(help).not.toContain('default: read');
    expect(help).toContain('at most so many records opened in all; each opening of a record counts');
  });

  test('help is data if it was asked for, and an error if a command is missing', async () => {
    const shell = await makeShell();
    try {
      const [asked, missing, nothing] = [
        await shell.pcehr(['put', '--help']),
        await shell.pcehr(['contacts']),
        await shell.pcehr([]),
      ];
      expect([asked.code, asked.err]).toEqual([0, '']);
      expect(asked.out).toContain('Usage: pcehr put');
      for (const { code, out, err } of [missing, nothing]) {
        expect([code, out]).toEqual([2, '']);
        expect(err).toContain('Usage: pcehr');
      }
      expect((await shell.pcehr(['shrae'])).err).toBe(
        "pcehr: unknown command 'shrae': Did you mean share?\nhint: run: pcehr --help\n",
      );
      expect((await shell.pcehr(['pu', 'x', '--json'])).err).toContain('"code":"usage"');
    } finally {
      await shell.end();
    }
  });
});

const CLIENT_CODES: Readonly<Record<ClientErrorCode, number>> = {
  unverified: 4,
  'partly-opened': 3,
  'rolled-back': 4,
  'not-mine': 2,
  'exceeds-request': 2,
  'unverified-recipient': 2,
  'cells-open': 1,
  'right-ended': 3,
  'unknown-cell': 3,
  'bad-answer': 5,
  network: 5,
  'wrong-clock': 1,
  'upload-failed': 5,
  'download-failed': 5,
  'too-large': 1,
  'bad-memory': 6,
  'bad-argument': 2,
};

const MISSING = 'name only the records that are missing: pcehr open GRANT RECORD';

describe('errors', () => {
  const isPlain = (error: unknown): void => {
    const { message, hint } = explain(error);
    expect(`${message} ${hint ?? ''}`).not.toMatch(SCHEME);
    expect(message).toMatch(/^[^A-Z].*[^.]$/);
    expect(errorLines(explain(error), false)).toMatch(/^pcehr: .+\n(hint: .+\n)?$/);
  };

  test.each(Object.keys(ERRORS) as ErrorCode[])('the refusal %s has a sentence, and the exit code 3', (code) => {
    isPlain(new AppError(code));
    expect(explain(new AppError(code)).exit).toBe(3);
  });

  test.each(Object.entries(CLIENT_CODES))(
    'the error %s of the client has a sentence, and an exit code',
    (code, exit) => {
      const error = new ClientError(code as ClientErrorCode, 'the argument is wrong', 'cfrag');
      isPlain(error);
      expect(explain(error).exit).toBe(exit);
    },
  );

  test.each([
    ['the service failed', new ServiceError('internal', {}, 'req-1'), 'the service failed (request req-1)'],
    ['a paused grant', new AppError('grant-ended', { reason: 'paused' }), 'the patient paused this access'],
    ['a refusal', new ServiceError('not-found', {}, 'req-1'), 'the service has no such thing for this identity'],
    ['an open folder', new CellsOpenError([{ folder: newId(), error: new AppError('busy') }]), 'the service is busy'],
    ['words', new IdentityError('bad-root-words', 'expected 24 words, not 3'), 'expected 24 words, not 3'],
    ['a folder in place of a file', new EnvelopeError('source-invalid', 'x'), 'only a file can be filed, no folder'],
    ['another fault of a file', new EnvelopeError('key-invalid', 'the key is wrong'), 'the key is wrong'],
    ['an id', new BytesError('bad-encoding', 'the id is wrong'), 'the id is wrong'],
    ['a member', new StatementError('bad-payload', 'bad name', 'name'), 'bad name'],
    [
      'the system',
      Object.assign(new Error('ENOENT: no such file'), { code: 'ENOENT', syscall: 'open', path: 'a\u001b' }),
      'a\\u{1b}: no such file or folder',
    ],
    ['another fault of the system', Object.assign(new Error('odd'), { code: 'EODD', syscall: 'open' }), 'odd'],
    ['anything', new Error('odd'), 'odd'],
    ['nothing', undefined, 'something failed'],
  ])('%s', (_, error, message) => {
    expect(explain(error).message).toBe(message);
    isPlain(error);
  });

  test.each([
    ['exhausted', 'the grant has not so many openings left', `${MISSING}, or ask for a new grant`],
    ['paused', 'the patient paused this access', 'wait, or ask the patient'],
    ['busy', 'the service is busy', MISSING],
    ['too-many', 'too many calls', `wait a minute; then ${MISSING}`],
  ])('after a part was opened, %s does not say that it is safe to repeat', (reason, why, hint) => {
    const isEnd = reason === 'exhausted' || reason === 'paused';
    const error = isEnd ? new AppError('grant-ended', { reason }) : new AppError(reason as ErrorCode);
    const refused = ['conyhmz3aaaa', 'pq2w7kzlaaaa'].map((record) => ({ record: { record } as RecordInfo, error }));
    const opened = [{}, {}] as OpenedRecord[];
    const one = explain(new RefusedRecordsError([refused[0]!], opened));
    expect(one).toEqual({
      code: 'partly-opened',
      message: `2 records saved; conyhmz3 was refused: ${why}`,
      hint,
      exit: 3,
    });
    const two = explain(new RefusedRecordsError([refused[0]!, refused[1]!], opened));
    expect(two.message).toBe(`2 records saved; conyhmz3, pq2w7kzl were refused: ${why}`);
  });

  test('with JSON an error is one line', () => {
    const line = errorLines(explain(new AppError('not-registered')), true);
    expect(JSON.parse(line)).toEqual({
      error: {
        code: 'not-registered',
        message: 'this identity is not registered at the service',
        hint: 'run: pcehr register',
        exit: 3,
      },
    });
  });
});
