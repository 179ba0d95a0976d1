// Runs `npm run demo`: starts the system, runs the main job with three people in three processes, and stops everything that it started.
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { listenForEnding } from '../localstack/shutdown.ts';
import { startSystem } from '../scripts/local-system.ts';
import { startParty } from './start-party.ts';
import { readArguments, USAGE, UsageError } from './arguments.ts';
import { tellStory } from './narrator.ts';
import { allAsExpected, runMainJob, type Outcome } from './main-job.ts';

const ending = listenForEnding();

/** Collects cleanup steps and runs them once, in reverse order. A failed step does not stop the others. */
const undoing = () => {
  const steps: (() => Promise<unknown>)[] = [];
  let done: Promise<void> | undefined;
  const undo = async (): Promise<void> => {
    for (const step of steps.reverse())
      await step().catch((error: unknown) => {
        process.stderr.write(`while ending: ${String(error)}\n`);
      });
  };
  return { add: (step: () => Promise<unknown>) => void steps.push(step), undo: () => (done ??= undo()) };
};

interface Run {
  readonly files: readonly string[];
  /** Receives what the demo prints, line by line. */
  readonly print: (line: string) => void;
  /** Receives notes about slow steps. */
  readonly say: (line: string) => void;
}

const run = async ({ files, print, say }: Run): Promise<Outcome> => {
  const cleanup = undoing();
  const stop = (): void => {
    void cleanup.undo().finally(() => process.exit(ending.exitCode()));
  };
  ending.signal.addEventListener('abort', stop);
  const story = tellStory(print);
  try {
    const homes = await mkdtemp(join(tmpdir(), 'records-demo-'));
    cleanup.add(() => rm(homes, { recursive: true, force: true }));
    story.heading('The system starts: a local AWS, table and bucket, and the service.');
    const starting = startSystem({ say, signal: ending.signal });
    // If the user ends the demo during the start, this step waits until `startSystem` has stopped everything that it started.
    cleanup.add(() =>
      starting.then(
        (system) => system.stop(),
        () => undefined,
      ),
    );
    const system = await story.step(
      () => starting,
      ({ url }) => `It answers at ${url}.`,
    );
    const [patient, clinician, stranger] = (['patient', 'clinician', 'stranger'] as const).map((who) => {
      const party = startParty(who, join(homes, who), system.url, new URL(system.endpoint).origin);
      cleanup.add(party.stop);
      return party;
    }) as [ReturnType<typeof startParty>, ReturnType<typeof startParty>, ReturnType<typeof startParty>];
    return await runMainJob({ patient, clinician, stranger }, files, story);
  } finally {
    ending.signal.removeEventListener('abort', stop);
    await cleanup.undo();
  }
};

const out = (line: string): void => void process.stdout.write(`${line}\n`);
const err = (line: string): void => void process.stderr.write(`${line}\n`);

/** Runs the demo and prints the result. @returns true if every step had the expected result */
const runAndReport = async (argv: readonly string[]): Promise<boolean> => {
  const start = performance.now();
  const { json, files } = await readArguments(argv);
  const outcome = await run({
    files,
    print: json ? () => undefined : out,
    say: json ? err : (line) => out(`  ${line}`),
  });
  const good = allAsExpected(outcome);
  const took = ((performance.now() - start) / 1000).toFixed(1);
  out(json ? JSON.stringify(outcome) : `\n${good ? 'All of it held' : 'NOT all of it held'}. ${took} s.`);
  return good;
};

/** Tells whether the user asks for help. Arguments after `--` are names of files. */
const asksForHelp = (argv: readonly string[]): boolean =>
  argv.slice(0, argv.includes('--') ? argv.indexOf('--') : undefined).some((a) => a === '--help' || a === '-h');

const argv = process.argv.slice(2);
try {
  if (asksForHelp(argv)) out(USAGE);
  else process.exitCode = (await runAndReport(argv)) ? 0 : 1;
} catch (error) {
  if (ending.signal.aborted) process.exitCode = ending.exitCode();
  else {
    err(error instanceof Error ? error.message : String(error));
    process.exitCode = error instanceof UsageError ? 2 : 1;
  }
}
