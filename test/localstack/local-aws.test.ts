// Tests starting and ending the local AWS, and the messages for a newcomer when it does not start.
import { afterEach, beforeEach, describe, expect, test } from '@jest/globals';
import { spawn } from 'node:child_process';
import { readFile } from 'node:fs/promises';
import { createServer, type Server } from 'node:http';
import { createServer as createTcpServer, type Server as TcpServer } from 'node:net';
import { join } from 'node:path';
import { end, freePort, givenEndpoint, startLocalAws, type LocalAws } from '../../localstack/local-aws.ts';
import { fakeMachine, messageOf, until, type FakeMachine } from './fake-machine.ts';

let machine: FakeMachine;
const ending: (() => Promise<unknown>)[] = [];
beforeEach(async () => {
  machine = await fakeMachine();
});
afterEach(async () => {
  for (const stop of ending.splice(0).reverse()) await stop();
  await machine.remove();
});

const start = (options = {}, env = {}, patience = 20_000): Promise<LocalAws> =>
  startLocalAws(options, { env: { ...machine.env, ...env }, state: machine.state, patience });

const listen = async <S extends Server | TcpServer>(server: S): Promise<number> => {
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', () => resolve()));
  ending.push(() => new Promise((resolve) => server.close(resolve)));
  return (server.address() as { port: number }).port;
};

const isAlive = (pid: number): boolean => {
  try {
    return process.kill(pid, 0);
  } catch {
    return false;
  }
};

/** A server that answers with its environment. */
const SERVER = `exec '${process.execPath}' -e '
  require("node:http").createServer((_, answer) => answer.end(JSON.stringify(process.env))).listen(process.env.GATEWAY_PORT, process.env.BIND_HOST);
  process.stdin.on("end", () => process.exit()).resume();'`;

describe('a start that succeeds', () => {
  test('listens on 127.0.0.1 with the right settings, until stop', async () => {
    await machine.addPython('python3', { server: SERVER });
    const aws = await start({ dataDir: join(machine.root, 'data'), auth: true });
    ending.push(aws.stop);
    expect(aws.endpoint).toMatch(/^http:\/\/127\.0\.0\.1:\d+$/);
    expect(await (await fetch(aws.endpoint)).json()).toMatchObject({
      BIND_HOST: '127.0.0.1',
      IOT_MTLS_ENABLED: '0',
      GATEWAY_PORT: new URL(aws.endpoint).port,
      AUTH: 'true',
      PERSIST_STATE: '1',
      STATE_DIR: join(machine.root, 'data', 'state'),
    });
    expect(isAlive(aws.pid!)).toBe(true);
    await aws.stop();
    expect(isAlive(aws.pid!)).toBe(false);
    await expect(fetch(aws.endpoint)).rejects.toThrow();
  });

  test('uses the requested port', async () => {
    await machine.addPython('python3', { server: SERVER });
    const port = await freePort();
    const aws = await start({ port });
    ending.push(aws.stop);
    expect(aws.endpoint).toBe(`http://127.0.0.1:${port}`);
  });
});

describe('a port', () => {
  test('that is taken: the message names it and the option for another, and nothing is installed', async () => {
    await machine.addPython('python3', { server: SERVER });
    const port = await listen(createTcpServer());
    const message = await messageOf(start({ port }));
    expect(message).toBe(
      `LocalAwsError: Port ${port} on 127.0.0.1 is taken. End what uses it, or choose another one (npm start -- --port N).`,
    );
    expect(await machine.calls('-m venv')).toBe(0);
  });

  test('that is free is returned, and stays free', async () => {
    const port = await freePort();
    expect(await freePort(port)).toBe(port);
  });
});

describe('a server that does not start', () => {
  test('and ends at once: the message has its last lines, its log and what to do, without waiting', async () => {
    const lines =
      'for i in 1 2 3 4 5 6 7 8 9 10; do echo "line $i" >&2; done; echo "No module named ministack"; exit 3';
    await machine.addPython('python3', { server: lines });
    // The start may wait longer than the test does. So the test passes only if the message comes without waiting.
    const message = await messageOf(start({}, {}, 600_000));
    expect(message).toMatch(
      /^LocalAwsError: The local AWS did not start on port \d+: it ended at once \(exit code 3\)\. /,
    );
    expect(message).toContain(`delete ${join(machine.state, 'ministack')}, and it is installed anew`);
    expect(message).toMatch(/ends with:\nline 4\n(line \d+\n){6}No module named ministack$/);
    const log = /Its log is (\S+) /.exec(message)![1]!;
    expect((await readFile(log, 'utf8')).split('\n')[0]).toBe('line 1');
  });

  test('because it is killed: the message says so, without waiting', async () => {
    await machine.addPython('python3', { server: 'echo "out of memory"; kill -KILL $$' });
    const message = await messageOf(start({}, {}, 600_000));
    expect(message).toContain('it ended at once (SIGKILL)');
    expect(message).toMatch(/out of memory$/);
  });

  test('because it cannot be run: the message says so', async () => {
    await machine.addPython('python3', { pip: 'printf "#!/nowhere/python\\n" > "$0"' });
    expect(await messageOf(start({}, {}, 600_000))).toMatch(/could not be run: .*ENOENT/);
  });

  test('because it never answers: it is ended after the time limit, and the message says so', async () => {
    await machine.addPython('python3', { server: 'echo $$ > "$ROOT/pid"; echo "still loading"; exec sleep 300' });
    const message = await messageOf(start({}, {}, 1_500));
    expect(message).toContain('it did not answer within 1.5 s');
    expect(message).toMatch(/ends with:\nstill loading$/);
    expect(isAlive(Number(await readFile(join(machine.root, 'pid'), 'utf8')))).toBe(false);
  });
});

describe('AWS_ENDPOINT_URL', () => {
  test('that answers with any status is used, and nothing is started', async () => {
    const port = await listen(createServer((_, answer) => void answer.writeHead(403).end('no')));
    const aws = await start({}, { AWS_ENDPOINT_URL: `http://127.0.0.1:${port}/` });
    expect(aws).toMatchObject({ endpoint: `http://127.0.0.1:${port}`, pid: undefined });
    await aws.stop();
    expect((await fetch(aws.endpoint)).status).toBe(403);
  });

  test('at which nothing listens: the message has the URL, the reason and what to do', async () => {
    const url = `http://127.0.0.1:${await freePort()}`;
    expect(await messageOf(start({}, { AWS_ENDPOINT_URL: url }))).toBe(
      `LocalAwsError: Nothing answers at ${url}/, which AWS_ENDPOINT_URL names (ECONNREFUSED). Start what should answer there, ` +
        'or unset AWS_ENDPOINT_URL: a local AWS is started then.',
    );
  });

  test('at which a server never answers: the message says timeout', async () => {
    const sockets = new Set<{ destroy: () => unknown }>();
    const port = await listen(createTcpServer((socket) => sockets.add(socket)));
    const message = await messageOf(givenEndpoint({ AWS_ENDPOINT_URL: `http://127.0.0.1:${port}` }, 200));
    for (const socket of sockets) socket.destroy();
    expect(message).toMatch(/^LocalAwsError: Nothing answers at .*timeout/);
  });

  test.each(['localhost:4566', '127.0.0.1:4566', 'http://', 'file:///tmp'])(
    'that is no URL is refused: %s',
    async (url) => {
      expect(await messageOf(givenEndpoint({ AWS_ENDPOINT_URL: url }))).toMatch(
        /^LocalAwsError: AWS_ENDPOINT_URL is no URL .* or unset AWS_ENDPOINT_URL/,
      );
    },
  );

  test('with a password: the message does not contain it', async () => {
    const url = `http://name:pass-word@127.0.0.1:${await freePort()}`;
    const message = await messageOf(givenEndpoint({ AWS_ENDPOINT_URL: url }));
    expect(message).toContain('Nothing answers at http://127.0.0.1:');
    expect(message).not.toContain('pass-word');
  });

  test.each([{}, { AWS_ENDPOINT_URL: '' }])('that is not set is no endpoint: %j', async (env) => {
    expect(await givenEndpoint(env)).toBeUndefined();
  });
});

describe('ending a process', () => {
  test('kills a process that ignores SIGTERM, and its children', async () => {
    const pids = join(machine.root, 'pids');
    const stubborn = `trap '' TERM; sleep 300 & echo $$ $! > '${pids}'; wait; sleep 300`;
    const child = spawn('/bin/sh', ['-c', stubborn], { detached: true, stdio: 'ignore' });
    const read = () => readFile(pids, 'utf8').catch(() => '');
    await until(async () => (await read()).endsWith('\n'));
    const [parent = 0, grandchild = 0] = (await read()).split(' ').map(Number);
    await end(child, 100);
    await until(() => !isAlive(grandchild));
    expect([parent, grandchild].map(isAlive)).toEqual([false, false]);
    expect(child.signalCode).toBe('SIGKILL');
  });

  test('does nothing for a process that has ended or never ran', async () => {
    const finished = spawn('/bin/sh', ['-c', 'exit 4'], { stdio: 'ignore' });
    await new Promise((resolve) => finished.once('exit', resolve));
    await end(finished);
    expect(finished.exitCode).toBe(4);
    const never = spawn(join(machine.root, 'nowhere'));
    never.once('error', () => undefined);
    await end(never);
    expect(never.pid).toBeUndefined();
  });
});
