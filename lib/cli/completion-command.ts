// The command completion: prints a script by which bash completes the commands and options of pcehr. The script comes from the program itself.
import type { Command } from 'commander';
import { addCommand, printOne, type Options } from './app.ts';
import type { Io } from './io.ts';

/** Lists what can follow each command: names of commands, and long options. Longer names come first, because the script takes the first one that fits. */
const followers = (command: Command, names: readonly string[]): readonly (readonly [string, string])[] => {
  const { commands, options } = command;
  const longs = [...options.flatMap(({ long }) => long ?? []), '--help'];
  const words = [
    ...commands.map((c) => c.name()),
    ...(names.length === 0 ? longs.filter((l) => l !== '--help') : longs),
  ];
  return [...commands.flatMap((c) => followers(c, [...names, c.name()])), [names.join(' '), words.join(' ')]];
};

/** Global options with a value, which the script skips. */
const withValue = (program: Command): string =>
  program.options.flatMap(({ long, required }) => (required ? (long ?? []) : [])).join('|');

const scriptFor = (program: Command): string => {
  const cases = followers(program, []).map(([names, words]) =>
    names === '' ? `    *) words='${words}' ;;` : `    '${names} '*) words='${words}' ;;`,
  );
  return `# Completes commands and options of pcehr in bash.
_pcehr() {
  local line='' words='' skip='' i
  for ((i = 1; i < COMP_CWORD; i++)); do
    if [[ -n $skip ]]; then skip=''; continue; fi
    case "\${COMP_WORDS[i]}" in
    ${withValue(program)}) skip=1 ;;
    -*) ;;
    *) line+="\${COMP_WORDS[i]} " ;;
    esac
  done
  case "$line" in
${cases.join('\n')}
  esac
  COMPREPLY=($(compgen -W "$words" -- "\${COMP_WORDS[COMP_CWORD]}"))
}
complete -o default -F _pcehr pcehr
`;
};

export const addCompletionCommand = (program: Command, io: Io): void => {
  addCommand(program, {
    usage: 'completion',
    about: 'print a script that completes commands and options in bash',
    examples: ['completion >> ~/.bashrc'],
  }).action((_: unknown, command: Command) => {
    const script = scriptFor(program);
    return printOne(io, command.optsWithGlobals<Options<object>>(), { script }, [script.trimEnd()]);
  });
};
