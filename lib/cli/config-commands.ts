// The command config: the address of the service, its key, and the addresses of its storage.
import type { Command } from 'commander';
import { addCommand, printOne, printRows, type Options } from './app.ts';
import { usage } from './errors.ts';
import type { Io } from './io.ts';
import { readProfile, saveSettings } from './profile.ts';
import { withProfile } from './session.ts';
import { settingNamed, settingRows, withSetting } from './settings.ts';

interface ConfigOptions {
  readonly unset?: true;
}

const show = async (io: Io, options: Options<ConfigOptions>, name: string | undefined): Promise<void> => {
  const rows = settingRows((await readProfile(options, io)).settings);
  if (name === undefined)
    return printRows(
      io,
      options,
      rows.map(([setting, value]) => ({ json: { setting, value }, cells: [setting, value] })),
    );
  settingNamed(name);
  const value = rows.find(([setting]) => setting === name)?.[1];
  if (value === undefined) throw usage(`${name} is not set`);
  return printOne(io, options, { setting: name, value }, [value]);
};

const config = async (
  io: Io,
  options: Options<ConfigOptions>,
  name: string | undefined,
  value: string | undefined,
): Promise<void> => {
  if (name === undefined || (value === undefined && options.unset === undefined)) return show(io, options, name);
  const setting = settingNamed(name);
  const text = options.unset === true ? undefined : value;
  await withProfile(options, io, ({ folder, settings }) => saveSettings(folder, withSetting(settings, setting, text)));
};

export const addConfigCommands = (program: Command, io: Io): void => {
  addCommand(program, {
    usage: 'config [setting] [value]',
    about: 'show or change a setting: origin, service-key, storage-origins',
    examples: ['config', 'config origin https://api.example.org', 'config --unset storage-origins'],
  })
    .option('--unset', 'remove the setting')
    .action((name: string | undefined, value: string | undefined, _: unknown, command: Command) =>
      config(io, command.optsWithGlobals<Options<ConfigOptions>>(), name, value),
    );
};
