// Defines the inputs and outputs of the command line: streams, environment, clock, randomness, network and questions. Tests give their own.
export interface Output {
  readonly isTerminal: boolean;
  /** Resolves when the bytes have been handed to the system. */
  readonly write: (data: string | Uint8Array) => Promise<void>;
}

/** Asks the person at the terminal. Every function rejects with a CliError `interrupted` if the person presses Ctrl-C. */
export interface Questions {
  /** Asks for a text that the terminal does not show. */
  readonly secret: (message: string) => Promise<string>;
  readonly text: (message: string) => Promise<string>;
  readonly yes: (message: string) => Promise<boolean>;
  /** Shows a text until the person confirms `message`. Afterwards the text is on the screen no more, and not in the terminal's history. */
  readonly reveal: (text: string, message: string) => Promise<void>;
}

export interface Io {
  readonly env: Readonly<Record<string, string | undefined>>;
  /** The home folder of the user. */
  readonly home: string;
  readonly stdin: AsyncIterable<Uint8Array>;
  readonly out: Output;
  readonly err: Output;
  /** Undefined if there is no terminal to ask on. */
  readonly questions: Questions | undefined;
  /** Returns the time, milliseconds since 1970. */
  readonly clock: () => number;
  readonly sleep: (ms: number) => Promise<void>;
  /** Returns random bytes. */
  readonly rng: (length: number) => Uint8Array;
  readonly fetch: typeof fetch;
  /** Aborts when the person presses Ctrl-C. */
  readonly signal: AbortSignal;
  readonly pid: number;
  /** Tells whether a process with this id runs on this machine. */
  readonly isRunning: (pid: number) => boolean;
  /** The cost of scrypt for a new identity file is 2 to the power of this number. */
  readonly scryptLogN: number;
}
