// Tests the installation into Python environments: the messages if the machine lacks something, and that no installation is left incomplete.
import { afterEach, beforeEach, describe, expect, test } from '@jest/globals';
import { spawn } from 'node:child_process';
import { existsSync } from 'node:fs';
import { readdir, readFile, rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { ensurePython } from '../../localstack/python.ts';
import { fakeMachine, messageOf, until, type FakeMachine } from './fake-machine.ts';

let machine: FakeMachine;
beforeEach(async () => {
  machine = await fakeMachine();
});
afterEach(() => machine.remove());

const ensure = (): Promise<string> =>
  ensurePython(machine.state, 'ministack', machine.requirements, { env: machine.env });
const python = (): string => join(machine.state, 'ministack', 'bin', 'python');
const state = (): Promise<string[]> => readdir(machine.state);

/** Shell code that fails as Debian's python3 does without python3-venv: with this message on stdout. */
const NO_VENV = `cat <<'END'
The virtual environment was not created successfully because ensurepip is not
available.  On Debian/Ubuntu systems, you need to install the python3-venv
package using the following command.

    apt install python3.11-venv

You may need to use sudo with that command.
END
exit 1`;

/** Shell code that fails as pip does without a network. */
const NO_NETWORK = `cat >&2 <<'END'
WARNING: Retrying (Retry(total=0)) after connection broken by 'NewConnectionError': /simple/botocore/
ERROR: Could not find a version that satisfies the requirement botocore==1.43.106 (from versions: none)
ERROR: No matching distribution found for botocore==1.43.106
END
exit 1`;

describe('Python', () => {
  test('is missing: the message says what to install', async () => {
    const message = await messageOf(ensure());
    expect(message).toMatch(/^LocalAwsError: No Python 3\.10 or later was found\. /);
    expect(message).toContain('apt install python3 python3-venv');
    expect(message).toContain('brew install python');
    expect(message).toContain('or set AWS_ENDPOINT_URL');
    expect(existsSync(machine.state)).toBe(false);
  });

  test('is too old: the message has the versions, and what to install', async () => {
    await machine.addPython('python3', { version: '3.9' });
    await machine.addPython('python', { version: '2.7' });
    const message = await messageOf(ensure());
    expect(message).toContain('No Python 3.10 or later was found (python3 is 3.9, python is 2.7).');
    expect(message).toContain('apt install python3 python3-venv');
    expect(await machine.calls('-m venv')).toBe(0);
  });

  test.each(['4.11', '2.11', '3.1', 'Python', ''])('version %j is refused', async (version) => {
    await machine.addPython('python3', { version });
    expect(await messageOf(ensure())).toContain('No Python 3.10 or later');
  });

  test.each(['3.10', '3.14'])('version %s is used', async (version) => {
    await machine.addPython('python3', { version });
    expect(await ensure()).toBe(python());
  });

  test('a later version beside an old python3 is used', async () => {
    await machine.addPython('python3', { version: '3.9', venv: 'exit 9' });
    await machine.addPython('python3.12', { version: '3.12' });
    expect(await ensure()).toBe(python());
  });
});

describe('venv', () => {
  test('is missing: the message names the package as Debian does', async () => {
    await machine.addPython('python3', { venv: NO_VENV });
    const message = await messageOf(ensure());
    expect(message).toMatch(/^LocalAwsError: python3: found, but without the venv module\. /);
    expect(message).toContain('apt install python3.11-venv');
    expect(message).toContain('or set AWS_ENDPOINT_URL');
    expect(await state()).toEqual([]);
  });

  test('is missing as a module: the message names the package', async () => {
    await machine.addPython('python3', { venv: 'echo "/usr/bin/python3: No module named venv" >&2; exit 1' });
    expect(await messageOf(ensure())).toContain('apt install python3-venv)');
  });

  test('is missing in one Python: the next is used', async () => {
    await machine.addPython('python3', { venv: `mkdir -p "$3/bin"; echo > "$3/half"; ${NO_VENV}` });
    await machine.addPython('python3.12', { version: '3.12' });
    expect(await ensure()).toBe(python());
    expect(await readFile(python(), 'utf8')).toContain("echo '3.12'");
    expect(existsSync(join(machine.state, 'ministack', 'half'))).toBe(false);
  });

  test('fails otherwise: the message has its output', async () => {
    await machine.addPython('python3', { venv: 'echo "OSError: [Errno 28] No space left on device" >&2; exit 1' });
    const message = await messageOf(ensure());
    expect(message).toMatch(/^LocalAwsError: python3 could not make a virtual environment in /);
    expect(message).toContain('Is there room');
    expect(message).toContain('No space left on device');
  });
});

describe('pip', () => {
  test('has no network: the message says what to do, and has the last output of pip', async () => {
    await machine.addPython('python3', { pip: NO_NETWORK });
    const message = await messageOf(ensure());
    expect(message).toMatch(/^LocalAwsError: The local AWS could not be installed .* Is the network there\?/);
    for (const way of ['HTTPS_PROXY', 'PIP_INDEX_URL', 'AWS_ENDPOINT_URL', machine.requirements])
      expect(message).toContain(way);
    expect(message).toMatch(/pip said:\n(.*\n)*ERROR: No matching distribution found for botocore==1\.43\.106$/);
  });

  test('fails: nothing is left, and the next run installs', async () => {
    await machine.addPython('python3', { pip: `[ -e "$ROOT/network" ] || { ${NO_NETWORK}\n}` });
    await messageOf(ensure());
    expect(await state()).toEqual([]);
    await writeFile(join(machine.root, 'network'), '');
    expect(await ensure()).toBe(python());
    expect(await machine.calls('-m pip')).toBe(2);
  });

  test('installs only wheels with pinned hashes', async () => {
    await machine.addPython('python3', { pip: 'echo "$@" > "$ROOT/pip"' });
    await ensure();
    const args = await readFile(join(machine.root, 'pip'), 'utf8');
    expect(args).toContain('--require-hashes --only-binary :all:');
    expect(args).toContain(`-r ${machine.requirements}`);
  });
});

describe('an installation', () => {
  test('happens once, and again if the requirements change or its Python is missing', async () => {
    await machine.addPython('python3', {});
    const messages: string[] = [];
    const options = { env: machine.env, say: (line: string) => void messages.push(line) };
    const again = () => ensurePython(machine.state, 'ministack', machine.requirements, options);
    await again();
    await again();
    expect([await machine.calls('-m pip'), messages]).toEqual([1, ['installing the local AWS (once)']]);
    await writeFile(machine.requirements, 'ministack==9.9.9\n');
    await again();
    expect(await machine.calls('-m pip')).toBe(2);
    await rm(python());
    await again();
    expect(await machine.calls('-m pip')).toBe(3);
    expect(await state()).toEqual(['ministack']);
  });

  test('needs no Python on the PATH when it is complete', async () => {
    await machine.addPython('python3', {});
    await ensure();
    expect(await ensurePython(machine.state, 'ministack', machine.requirements, { env: { PATH: '' } })).toBe(python());
  });

  test('that was killed is made again, and its pip, which still runs, does not write into the new one', async () => {
    const slow =
      'echo $$ > "$ROOT/pid"; while [ ! -e "$ROOT/go" ]; do sleep 0.02; done; echo late > "$(dirname "$0")/late"';
    await machine.addPython('python3', { pip: slow });
    const code = `
      import { ensurePython } from ${JSON.stringify(join(import.meta.dirname, '../../localstack/python.ts'))};
      await ensurePython(...${JSON.stringify([machine.state, 'ministack', machine.requirements, { env: machine.env }])});`;
    const first = spawn(process.execPath, ['--import', 'tsx', '--input-type=module', '-e', code], {
      stdio: ['ignore', 'ignore', 'inherit'],
      env: { ...process.env, NODE_OPTIONS: '' },
    });
    const pidFile = join(machine.root, 'pid');
    const read = () => readFile(pidFile, 'utf8').catch(() => '');
    await until(async () => (await read()).endsWith('\n'));
    const pip = Number(await read());
    const ended = new Promise((resolve) => first.once('exit', resolve));
    first.kill('SIGKILL');
    await ended;

    await machine.addPython('python3', {});
    expect(await ensure()).toBe(python());
    expect(await machine.calls('-m pip')).toBe(2);
    await writeFile(join(machine.root, 'go'), '');
    await until(() => {
      try {
        return !process.kill(pip, 0);
      } catch {
        return true;
      }
    });
    expect(await readdir(join(machine.state, 'ministack', 'bin'))).toEqual(['python']);
    expect(await state()).toEqual(['ministack']);
  });

  test('without its stamp is incomplete, and is made again', async () => {
    await machine.addPython('python3', {});
    await ensure();
    await rm(join(machine.state, 'ministack', 'requirements.sha256'));
    await writeFile(join(machine.state, 'ministack', 'rest'), '');
    await ensure();
    expect(await machine.calls('-m pip')).toBe(2);
    expect(existsSync(join(machine.state, 'ministack', 'rest'))).toBe(false);
  });

  test('by two processes at the same time gives both the same environment', async () => {
    // Each pip waits for the other, so both installations run at the same time.
    const meet = 'echo "$0" >> "$ROOT/here"; while [ "$(wc -l < "$ROOT/here")" -lt 2 ]; do sleep 0.02; done';
    await machine.addPython('python3', { pip: meet });
    expect(await Promise.all([ensure(), ensure()])).toEqual([python(), python()]);
    const folders = (await readFile(join(machine.root, 'here'), 'utf8')).trim().split('\n');
    expect(new Set(folders).size).toBe(2);
    expect(await state()).toEqual(['ministack']);
    await ensure();
    expect(await machine.calls('-m pip')).toBe(2);
  });
});
