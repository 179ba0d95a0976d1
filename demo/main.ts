// npm run demo: starts the system, walks the main job with three people in three processes, and ends everything it started.
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { startSystem } from '../scripts/dev.ts';
import { startActor } from './actor.ts';
import { readArguments, UsageError } from './arguments.ts';
import { tellStory } from './story.ts';
import { held, walk, type Outcome } from './walk.ts';

/** Undone in reverse, each even when another fails; once, whoever asks first. */
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

const run = async (files: readonly string[], print: (line: string) => void): Promise<Outcome> => {
  const cleanup = undoing();
  const stop = (signal: NodeJS.Signals): void => {
    void cleanup.undo().finally(() => process.exit(signal === 'SIGINT' ? 130 : 143));
  };
  process.once('SIGINT', stop).once('SIGTERM', stop);
  const story = tellStory(print);
  try {
    const homes = await mkdtemp(join(tmpdir(), 'records-demo-'));
    cleanup.add(() => rm(homes, { recursive: true, force: true }));
    story.heading('The system starts: a local AWS, table and bucket, and the service.');
    const system = await story.step(
      () => startSystem({ fresh: true }),
      ({ url }) => `It answers at ${url}.`,
    );
    cleanup.add(() => system.stop());
    const [patient, clinician, stranger] = (['patient', 'clinician', 'stranger'] as const).map((who) => {
      const actor = startActor(who, join(homes, who), system.url);
      cleanup.add(actor.stop);
      return actor;
    }) as [ReturnType<typeof startActor>, ReturnType<typeof startActor>, ReturnType<typeof startActor>];
    return await walk({ patient, clinician, stranger }, files, story);
  } finally {
    process.off('SIGINT', stop).off('SIGTERM', stop);
    await cleanup.undo();
  }
};

const start = performance.now();
try {
  const { json, files } = await readArguments(process.argv.slice(2));
  const outcome = await run(files, json ? () => undefined : (line) => void process.stdout.write(`${line}\n`));
  const good = held(outcome);
  if (json) process.stdout.write(`${JSON.stringify(outcome)}\n`);
  else {
    const took = ((performance.now() - start) / 1000).toFixed(1);
    process.stdout.write(`\n${good ? 'All of it held' : 'NOT all of it held'}. ${took} s.\n`);
  }
  process.exitCode = good ? 0 : 1;
} catch (error) {
  const message = error instanceof Error ? error.message : String(error);
  process.stderr.write(`${message}\n`);
  process.exitCode = error instanceof UsageError ? 2 : 1;
}
