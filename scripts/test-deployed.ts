// `npm run test:deployed` deploys the stack to a local AWS that enforces IAM, and runs the flow suite over its API Gateway against the deployed functions, each
// with its own role.
import { spawn } from 'node:child_process';
import { createServer, request as httpRequest, type Server } from 'node:http';
import { join } from 'node:path';
import { DeleteBucketPolicyCommand, S3Client } from '@aws-sdk/client-s3';
import { enterLocalAws, LOCAL_REGION } from '../localstack/environment.ts';
import { freePort, LocalAwsError, PROJECT, startLocalAws } from '../localstack/local-aws.ts';

const STAGE = 'prod';

const run = (
  args: readonly string[],
  env: NodeJS.ProcessEnv,
  capture = false,
): Promise<{ code: number; out: string }> =>
  new Promise((resolve) => {
    const child = spawn(process.execPath, args, {
      cwd: PROJECT,
      env,
      stdio: ['ignore', capture ? 'pipe' : 'inherit', 'inherit'],
    });
    let out = '';
    child.stdout?.on('data', (chunk: Buffer) => (out += chunk.toString()));
    child.once('exit', (code) => resolve({ code: code ?? 1, out }));
  });

/**
 * Serves the stage at the root of a host, as a custom domain does: it adds the prefix of the stage to the path, and changes nothing else, not even the header
 * Host.
 */
const proxy = (port: number, endpoint: string, prefix: string): Promise<Server> =>
  new Promise((resolve) => {
    const target = new URL(endpoint);
    const server = createServer((incoming, answer) => {
      const onward = httpRequest(
        {
          host: target.hostname,
          port: target.port,
          method: incoming.method,
          path: prefix + (incoming.url ?? ''),
          headers: incoming.headers,
        },
        (response) => {
          answer.writeHead(response.statusCode ?? 502, response.headers);
          response.pipe(answer);
        },
      );
      onward.once('error', () => answer.writeHead(502).end());
      incoming.pipe(onward);
    });
    server.listen(port, '127.0.0.1', () => resolve(server));
  });

interface HttpApi {
  readonly apiId: string;
  readonly name: string;
  readonly corsConfiguration: Readonly<Record<string, unknown>>;
}

const gateway = (endpoint: string, path: string, options: RequestInit = {}): Promise<Response> =>
  fetch(`${endpoint}/v2/apis${path}`, {
    ...options,
    headers: {
      authorization: `AWS4-HMAC-SHA256 Credential=${process.env['AWS_ACCESS_KEY_ID'] ?? ''}/20260101/${LOCAL_REGION}/apigateway/aws4_request`,
      'content-type': 'application/json',
    },
  });

const deployedApi = async (endpoint: string): Promise<HttpApi> => {
  const { items } = (await (await gateway(endpoint, '')).json()) as { items: HttpApi[] };
  const found = items.find((a) => a.name === `pcehr-${STAGE}`);
  if (found === undefined) throw new Error('the deployed stack has no HTTP API');
  return found;
};

/** Sets the CORS rules again, with other member names: the local gateway stored them with the names of CloudFormation, but reads them with its own names. */
const renameCors = async (endpoint: string, { apiId, corsConfiguration }: HttpApi): Promise<void> => {
  const renamed = Object.entries(corsConfiguration).map(([name, value]) => [
    name.charAt(0).toLowerCase() + name.slice(1),
    value,
  ]);
  const body = JSON.stringify({ corsConfiguration: Object.fromEntries(renamed) as object });
  const answer = await gateway(endpoint, `/${apiId}`, { method: 'PATCH', body });
  if (!answer.ok) throw new Error(`the gateway did not take the CORS rules of the stack (${answer.status})`);
};

/** Removes the bucket's rule that only TLS is accepted, because the local AWS uses plain HTTP. */
const allowPlainHttp = async (endpoint: string): Promise<void> => {
  const s3 = new S3Client({ endpoint, region: LOCAL_REGION, forcePathStyle: true });
  await s3.send(new DeleteBucketPolicyCommand({ Bucket: `pcehr-blobs-${STAGE}` }));
  s3.destroy();
};

const aws = await startLocalAws({ auth: true, say: console.log }).catch((error: unknown) => {
  console.error(error instanceof LocalAwsError ? error.message : error);
  process.exit(1);
});
const port = await freePort();
const origin = `http://127.0.0.1:${port}`;
enterLocalAws(process.env, aws.endpoint);
let server: Server | undefined;
try {
  const serverless = join(PROJECT, 'node_modules', 'serverless', 'bin', 'serverless.js');
  const began = Date.now();
  const deploy = await run([serverless, 'deploy', '--stage', STAGE, '--param', `origin=${origin}`], process.env);
  if (deploy.code !== 0) throw new Error('the deploy failed');
  console.log(`deployed in ${Math.round((Date.now() - began) / 1000)} s`);
  await allowPlainHttp(aws.endpoint);
  const api = await deployedApi(aws.endpoint);
  await renameCors(aws.endpoint, api);
  server = await proxy(port, aws.endpoint, `/_aws/execute-api/${api.apiId}/$default`);
  const jest = join(PROJECT, 'node_modules', 'jest', 'bin', 'jest.js');
  const suites = [
    'test/aws/flows/main-job',
    'test/aws/flows/life-of-a-grant',
    'test/aws/flows/large-upload',
    'test/aws/flows/browser',
    'test/aws/deployed',
  ];
  const tests = await run(
    [
      '--experimental-vm-modules',
      '--disable-warning=ExperimentalWarning',
      jest,
      '-c',
      'test/config/jest.deployed.config.js',
      ...suites,
      ...process.argv.slice(2),
    ],
    { ...process.env, API_URL: origin, STACK_STAGE: STAGE },
  );
  process.exitCode = tests.code;
} catch (error) {
  console.error(error instanceof Error ? error.message : String(error));
  process.exitCode = 1;
} finally {
  server?.close();
  server?.closeAllConnections();
  await aws.stop();
}
