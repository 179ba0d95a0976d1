// Tests the notes that the local system prints while it starts: it announces each slow step before the step begins.
import { spawnSync } from 'node:child_process';
import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { afterAll, afterEach, beforeAll, expect, test } from '@jest/globals';
import { PROJECT } from '../../localstack/local-aws.ts';
import { startSystem } from '../../scripts/local-system.ts';

let server: Server;
let endpoint: string;
const before = { ...process.env };

/** One answer that fits every call to AWS that the system makes while it starts. */
const ANSWER = JSON.stringify({ Table: { TableStatus: 'ACTIVE' }, KeyMetadata: { KeyId: 'key' } });

/** Starts a fake AWS that accepts everything. */
beforeAll(async () => {
  server = createServer((request, response) => void request.resume().on('end', () => response.end(ANSWER)));
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  endpoint = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
});
afterAll(() => {
  server.close();
  server.closeAllConnections();
});
/** Restores the environment of the process, because `startSystem` changes it. */
afterEach(() => {
  for (const name of Object.keys(process.env)) if (!(name in before)) Reflect.deleteProperty(process.env, name);
  Object.assign(process.env, before);
});

/** Starts the system until it announces a step that contains `last`, and returns all notes. */
const notesUntil = async (last: string): Promise<readonly string[]> => {
  const [notes, ending] = [[] as string[], new AbortController()];
  const enough = new Error('enough');
  const say = (line: string): void => {
    notes.push(line);
    if (line.includes(last)) ending.abort(enough);
  };
  await expect(startSystem({ say, signal: ending.signal })).rejects.toBe(enough);
  return notes;
};

test('a start of the local AWS is announced', async () => {
  Reflect.deleteProperty(process.env, 'AWS_ENDPOINT_URL');
  expect(await notesUntil('local AWS')).toEqual(['starting the local AWS']);
});

// This test runs "serverless print" (compiled-stack.ts), which takes seconds even on an idle machine.
test('the endpoint in use, the tables and the API are announced', async () => {
  process.env['AWS_ENDPOINT_URL'] = endpoint;
  expect(await notesUntil('API')).toEqual([
    `using the AWS at ${endpoint}`,
    'creating tables, bucket and key',
    'starting the API',
  ]);
}, 300_000);

test('npm start prints a line before it loads the local system', () => {
  const args = ['--import', 'tsx', 'scripts/start.ts', '--port', new URL(endpoint).port];
  const { status, stdout, stderr } = spawnSync(process.execPath, args, { cwd: PROJECT, encoding: 'utf8' });
  expect({ status, stdout }).toEqual({ status: 1, stdout: 'loading the local system\n' });
  expect(stderr).toContain('is taken');
}, 300_000);
