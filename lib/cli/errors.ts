// Defines the errors of the command line, and its exit codes. docs/cli-scripts.md lists both.

/** Exit codes. Each number has one meaning for all commands. */
export const EXIT = {
  done: 0,
  /** Something failed that no other code names, such as a file that cannot be read. */
  failed: 1,
  /** The command line is wrong: an unknown option, or a name that fits nothing. */
  usage: 2,
  /** The service refused. */
  refused: 3,
  /** An answer of the service failed a check. Its data must not be used. */
  unverified: 4,
  /** The service or the storage did not answer. */
  network: 5,
  /** The profile cannot be used: there is none, it is in use, or the passphrase is wrong. */
  profile: 6,
  interrupted: 130,
} as const;

export type ExitName = keyof typeof EXIT;

/** An error that the command line itself raises. The message is the part after `pcehr:`; the hint says what to do. */
export class CliError extends Error {
  override readonly name = 'CliError';
  readonly exit: ExitName;
  /** A stable name for programs, in the output of `--json`. */
  readonly code: string;
  readonly hint: string | undefined;
  constructor(exit: ExitName, code: string, message: string, hint?: string) {
    super(message);
    this.exit = exit;
    this.code = code;
    this.hint = hint;
  }
}

export const usage = (message: string, hint?: string): CliError => new CliError('usage', 'usage', message, hint);

export const interrupted = (): CliError => new CliError('interrupted', 'interrupted', 'interrupted');
