// Prints the story of the demo: what each step did, line by line, with the time of the step.

export interface Story {
  readonly heading: (text: string) => void;
  /** Runs a step, then prints its sentence and its time. */
  readonly step: <T>(run: () => Promise<T>, tell: (result: T) => string) => Promise<T>;
  readonly say: (text: string) => void;
}

const seconds = (ms: number): string => (ms < 995 ? `${Math.round(ms)} ms` : `${(ms / 1000).toFixed(1)} s`);

/** Makes the functions that print the story. @param print gets whole lines */
export const tellStory = (print: (line: string) => void): Story => ({
  heading: (text) => {
    print('');
    print(text);
  },
  step: async (run, tell) => {
    const start = performance.now();
    const result = await run();
    print(`  ${tell(result)}  [${seconds(performance.now() - start)}]`);
    return result;
  },
  say: (text) => {
    print(`  ${text}`);
  },
});

export const size = (bytes: number): string => {
  if (bytes < 1024) return `${bytes} bytes`;
  const units = ['KiB', 'MiB', 'GiB'];
  let value = bytes / 1024;
  let unit = 0;
  while (value >= 1024 && unit < units.length - 1) {
    value /= 1024;
    unit += 1;
  }
  return `${value.toFixed(1)} ${units[unit] ?? ''}`;
};

/** Shortens an id for the screen. */
export const brief = (id: string): string => `${id.slice(0, 9)}...${id.slice(-4)}`;
