// Starts one person of the demo as a child process. Commands go to its standard input and answers come from its standard output, one line of JSON
// each. They contain ids and paths, never keys or record bodies.
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import type { Commands } from './party.ts';

export type CommandResult<C extends keyof Commands> = Awaited<ReturnType<Commands[C]>>;

/** The error of a command that failed, with the code of the refusal and its reason. */
export class Refused extends Error {
  override readonly name = 'Refused';
  readonly code: string;
  readonly reason: string | undefined;
  constructor(who: string, code: string, reason: string | undefined, message: string) {
    super(`${who}: ${code}${reason === undefined ? '' : ` (${reason})`}: ${message}`);
    this.code = code;
    this.reason = reason;
  }
}

export interface PartyProcess {
  readonly send: <C extends keyof Commands>(command: C, input: Parameters<Commands[C]>[0]) => Promise<CommandResult<C>>;
  readonly stop: () => Promise<void>;
}

interface Waiting {
  readonly resolve: (value: never) => void;
  readonly reject: (error: Error) => void;
}
interface Reply {
  readonly ok?: unknown;
  readonly refused?: { readonly code: string; readonly reason?: string; readonly message: string };
}

/**
 * Starts the process of one person.
 * @param home the person's own folder, for key file, memory and opened files
 * @param storage the origin of the storage; the person's client sends blobs to no other origin and fetches them from no other
 */
export const startParty = (who: string, home: string, origin: string, storage: string): PartyProcess => {
  const child = spawn(
    process.execPath,
    [
      '--disable-warning=ExperimentalWarning',
      '--import',
      import.meta.resolve('tsx'),
      join(import.meta.dirname, 'party.ts'),
      home,
      origin,
      storage,
    ],
    { stdio: ['pipe', 'pipe', 'inherit'] },
  );
  const waiting: Waiting[] = [];
  createInterface({ input: child.stdout }).on('line', (line) => {
    const next = waiting.shift();
    const { ok, refused } = JSON.parse(line) as Reply;
    if (refused === undefined) next?.resolve(ok as never);
    else next?.reject(new Refused(who, refused.code, refused.reason, refused.message));
  });
  const ended = once(child, 'exit').then(([code]) => {
    for (const { reject } of waiting.splice(0)) reject(new Error(`${who} ended early (exit code ${String(code)})`));
  });
  // Ignores the error of writing to a process that has ended, because the handler above rejects the waiting commands.
  child.stdin.on('error', () => undefined);

  return {
    send: (command, input) =>
      new Promise((resolve, reject) => {
        waiting.push({ resolve, reject });
        child.stdin.write(`${JSON.stringify({ command, input })}\n`);
      }),
    stop: async () => {
      child.stdin.end();
      const timer = setTimeout(() => child.kill(), 2000);
      await ended;
      clearTimeout(timer);
    },
  };
};
