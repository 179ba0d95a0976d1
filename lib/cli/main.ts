#!/usr/bin/env -S node --import tsx
// The command `pcehr`: connects the program to the process it runs in.
import { openSync } from 'node:fs';
import { homedir } from 'node:os';
import process from 'node:process';
import { ReadStream } from 'node:tty';
import { randomFillSync } from 'node:crypto';
import type { Io, Output, Questions } from './io.ts';
import { run } from './program.ts';
import { createQuestions } from './questions.ts';

const aborting = new AbortController();
for (const name of ['SIGINT', 'SIGTERM'] as const)
  process.once(name, () => {
    aborting.abort(new Error('interrupted'));
  });

// The write that failed rejects with this error. Without a listener the process would end before the command stores what it saw.
process.stdout.on('error', () => undefined);

const output = (stream: NodeJS.WriteStream): Output => ({
  isTerminal: stream.isTTY,
  write: (data) =>
    new Promise((resolve, reject) => {
      stream.write(data, (error) => {
        if (error) reject(error);
        else resolve();
      });
    }),
});

/** Finds a terminal for questions: stdin, or the terminal of the process if stdin is a pipe. */
const terminal = (): ReadStream | undefined => {
  if (process.stdin.isTTY) return process.stdin;
  try {
    return new ReadStream(openSync('/dev/tty', 'r'));
  } catch {
    return undefined;
  }
};

/** Opens the terminal at the first question only, because an open terminal keeps the process from ending. */
const questions = (): Questions | undefined => {
  if (!process.stderr.isTTY) return undefined;
  const input = terminal();
  return input === undefined ? undefined : createQuestions(input, process.stderr, aborting.signal);
};

const isRunning = (pid: number): boolean => {
  try {
    process.kill(pid, 0);
    return true;
  } catch (error) {
    return (error as NodeJS.ErrnoException).code === 'EPERM';
  }
};

let asking: { readonly questions: Questions | undefined } | undefined;
const io: Io = {
  env: process.env,
  home: homedir(),
  stdin: process.stdin,
  out: output(process.stdout),
  err: output(process.stderr),
  get questions() {
    return (asking ??= { questions: questions() }).questions;
  },
  clock: () => Date.now(),
  sleep: (ms) => new Promise((resolve) => setTimeout(resolve, ms)),
  rng: (length) => randomFillSync(new Uint8Array(length)),
  fetch: (input, init) => fetch(input, init),
  signal: aborting.signal,
  pid: process.pid,
  isRunning,
  scryptLogN: 17,
};

const code = await run(process.argv.slice(2), io);
process.exit(code);
