// What a newcomer is told when the local AWS does not come up, and that what was started ends.
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

/** A server that says what it was told. */
const GOOD = `exec '${process.execPath}' -e '
  require("node:http").createServer((_, answer) => answer.end(JSON.stringify(process.env))).listen(process.env.GATEWAY_PORT, process.env.BIND_HOST);
  process.stdin.on("end", () => process.exit()).resume();'`;

describe('a good start', () => {
  test('on 127.0.0.1, with what the server must be told; stop ends it', async () => {
    await machine.addPython('python3', { server: GOOD });
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

  test('on the port asked for', async () => {
    await machine.addPython('python3', { server: GOOD });
    const port = await freePort();
    const aws = await start({ port });
    ending.push(aws.stop);
    expect(aws.endpoint).toBe(`http://127.0.0.1:${port}`);
  });
});

describe('a port', () => {
  test('that is busy: which, and how to choose another one; nothing is installed first', async () => {
    await machine.addPython('python3', { server: GOOD });
    const port = await listen(createTcpServer());
    const message = await messageOf(start({ port }));
    expect(message).toBe(
      `LocalAwsError: Port ${port} on 127.0.0.1 is taken. End what uses it, or choose another one (npm start -- --port N).`,
    );
    expect(await machine.calls('-m venv')).toBe(0);
  });

  test('that is free is answered, and is free still', async () => {
    const port = await freePort();
    expect(await freePort(port)).toBe(port);
  });
});

describe('a server that does not come up', () => {
  test('ends at once: its last lines, its log and the way out, without waiting', async () => {
    const lines =
      'for i in 1 2 3 4 5 6 7 8 9 10; do echo "line $i" >&2; done; echo "No module named ministack"; exit 3';
    await machine.addPython('python3', { server: lines });
    // Longer than the test may take.
    const message = await messageOf(start({}, {}, 600_000));
    expect(message).toMatch(
      /^LocalAwsError: The local AWS did not start on port \d+: it ended at once \(exit code 3\)\. /,
    );
    expect(message).toContain(`delete ${join(machine.state, 'ministack')}, and it is installed anew`);
    expect(message).toMatch(/ends with:\nline 4\n(line \d+\n){6}No module named ministack$/);
    const log = /Its log is (\S+) /.exec(message)![1]!;
    expect((await readFile(log, 'utf8')).split('\n')[0]).toBe('line 1');
  });

  test('is killed: says so, without waiting', async () => {
    await machine.addPython('python3', { server: 'echo "out of memory"; kill -KILL $$' });
    const message = await messageOf(start({}, {}, 600_000));
    expect(message).toContain('it ended at once (SIGKILL)');
    expect(message).toMatch(/out of memory$/);
  });

  test('cannot be run at all: says so', async () => {
    await machine.addPython('python3', { pip: 'printf "#!/nowhere/python\\n" > "$0"' });
    expect(await messageOf(start({}, {}, 600_000))).toMatch(/could not be run: .*ENOENT/);
  });

  test('is silent: says so after its time, and ends it', async () => {
    await machine.addPython('python3', { server: 'echo $$ > "$ROOT/pid"; echo "still loading"; exec sleep 300' });
    const message = await messageOf(start({}, {}, 1_500));
    expect(message).toContain('it did not answer within 1.5 s');
    expect(message).toMatch(/ends with:\nstill loading$/);
    expect(isAlive(Number(await readFile(join(machine.root, 'pid'), 'utf8')))).toBe(false);
  });
});

describe('AWS_ENDPOINT_URL', () => {
  test('that answers, with whatever status, is taken; nothing is started', async () => {
    const port = await listen(createServer((_, answer) => void answer.writeHead(403).end('no')));
    const aws = await start({}, { AWS_ENDPOINT_URL: `http://127.0.0.1:${port}/` });
    expect(aws).toMatchObject({ endpoint: `http://127.0.0.1:${port}`, pid: undefined });
    await aws.stop();
    expect((await fetch(aws.endpoint)).status).toBe(403);
  });

  test('where nobody listens: which, why, and the way out', async () => {
    const url = `http://127.0.0.1:${await freePort()}`;
    expect(await messageOf(start({}, { AWS_ENDPOINT_URL: url }))).toBe(
      `LocalAwsError: Nothing answers at ${url}/, which AWS_ENDPOINT_URL names (ECONNREFUSED). Start what should answer there, ` +
        'or unset AWS_ENDPOINT_URL: a local AWS is started then.',
    );
  });

  test('where somebody listens and says nothing', async () => {
    const sockets = new Set<{ destroy: () => unknown }>();
    const port = await listen(createTcpServer((socket) => sockets.add(socket)));
    const message = await messageOf(givenEndpoint({ AWS_ENDPOINT_URL: `http://127.0.0.1:${port}` }, 200));
    for (const socket of sockets) socket.destroy();
    expect(message).toMatch(/^LocalAwsError: Nothing answers at .*timeout/);
  });

  test.each(['localhost:4566', '127.0.0.1:4566', 'http://', 'file:///tmp'])('%s is no URL', async (url) => {
    expect(await messageOf(givenEndpoint({ AWS_ENDPOINT_URL: url }))).toMatch(
      /^LocalAwsError: AWS_ENDPOINT_URL is no URL .* or unset AWS_ENDPOINT_URL/,
    );
  });

  test('keeps its password to itself', async () => {
    const url = `http://name:pass-word@127.0.0.1:${await freePort()}`;
    const message = await messageOf(givenEndpoint({ AWS_ENDPOINT_URL: url }));
    expect(message).toContain('Nothing answers at http://127.0.0.1:');
    expect(message).not.toContain('pass-word');
  });

  test.each([{}, { AWS_ENDPOINT_URL: '' }])('not set: %j', async (env) => {
    expect(await givenEndpoint(env)).toBeUndefined();
  });
});

describe('end', () => {
  test('insists, on the children too', async () => {
    const pids = join(machine.root, 'pids');
    const stubborn = `trap '' TERM; sleep 300 & echo $$ $! > '${pids}'; wait; sleep 300`;
    const child = spawn('/bin/sh', ['-c', stubborn], { detached: true, stdio: 'ignore' });
    const read = () => readFile(pids, 'utf8').catch(() => '');
    await until(async () => (await read()).endsWith('\n'));
    const [parent = 0, kid = 0] = (await read()).split(' ').map(Number);
    await end(child, 100);
    await until(() => !isAlive(kid));
    expect([parent, kid].map(isAlive)).toEqual([false, false]);
    expect(child.signalCode).toBe('SIGKILL');
  });

  test('of what is gone, or never ran, is nothing', async () => {
    const gone = spawn('/bin/sh', ['-c', 'exit 4'], { stdio: 'ignore' });
    await new Promise((resolve) => gone.once('exit', resolve));
    await end(gone);
    expect(gone.exitCode).toBe(4);
    const never = spawn(join(machine.root, 'nowhere'));
    never.once('error', () => undefined);
    await end(never);
    expect(never.pid).toBeUndefined();
  });
});
