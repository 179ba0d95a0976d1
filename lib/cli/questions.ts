// Asks questions at the terminal with @clack/prompts. Questions go to stderr, because stdout is for data.
import type { Readable, Writable } from 'node:stream';
import { confirm, isCancel, password, text } from '@clack/prompts';
import { interrupted } from './errors.ts';
import type { Questions } from './io.ts';

/** Switches to the second screen of the terminal, which leaves nothing in the history, and back. */
const SECOND_SCREEN = '\u001b[?1049h\u001b[H\u001b[2J';
const FIRST_SCREEN = '\u001b[?1049l';

/** Waits for an answer. @throws {CliError} `interrupted` if the person pressed Ctrl-C */
const answered = async <T>(asked: Promise<T | symbol>): Promise<T> => {
  const answer = await asked;
  if (isCancel(answer)) throw interrupted();
  return answer as T;
};

export const createQuestions = (input: Readable, output: Writable, signal: AbortSignal): Questions => {
  const common = { input, output, signal, withGuide: false };
  const yes = (message: string): Promise<boolean> =>
    answered<boolean>(confirm({ ...common, message, initialValue: false }));
  return {
    secret: (message) => answered<string>(password({ ...common, message })),
    text: (message) => answered<string>(text({ ...common, message })),
    yes,
    reveal: async (shown, message) => {
      output.write(`${SECOND_SCREEN}${shown}\n`);
      try {
        while (!(await yes(message)));
      } finally {
        output.write(FIRST_SCREEN);
      }
    },
  };
};
