// Local resources: creates tables, bucket and service key on a local AWS by SDK calls, from the compiled serverless.yml, so that there is no second
// description of them.
import { execFile } from 'node:child_process';
import { createHash } from 'node:crypto';
import { existsSync } from 'node:fs';
import { mkdir, readFile, rename, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { promisify } from 'node:util';
import {
  CreateTableCommand,
  DynamoDBClient,
  ResourceInUseException,
  UpdateTimeToLiveCommand,
  waitUntilTableExists,
  type CreateTableCommandInput,
  type TimeToLiveSpecification,
} from '@aws-sdk/client-dynamodb';
import {
  CreateAliasCommand,
  CreateKeyCommand,
  DescribeKeyCommand,
  KMSClient,
  NotFoundException,
  type CreateKeyCommandInput,
} from '@aws-sdk/client-kms';
import {
  BucketAlreadyOwnedByYou,
  CreateBucketCommand,
  PutBucketCorsCommand,
  PutBucketVersioningCommand,
  S3Client,
} from '@aws-sdk/client-s3';
import { LOCAL_REGION, localEnvironment } from './environment.ts';
import { PROJECT, STATE } from './local-aws.ts';

const run = promisify(execFile);

interface Resource {
  readonly Type: string;
  readonly Properties: Record<string, unknown>;
}
interface FunctionDefinition {
  readonly handler: string;
  readonly events: readonly unknown[];
  readonly environment?: Readonly<Record<string, string>>;
  /** Seconds. */
  readonly timeout?: number;
}
/** The members that are read of serverless.yml, after all of its variables are replaced. */
export interface Stack {
  readonly service: string;
  readonly frameworkVersion: string;
  readonly provider: { readonly environment: Readonly<Record<string, string>> };
  readonly custom: {
    readonly esbuild: Readonly<Record<string, unknown>> & {
      readonly outputFileExtension: string;
      readonly exclude: readonly string[];
      readonly keepOutputDirectory: boolean;
    };
    readonly 'serverless-offline': Readonly<Record<string, unknown>>;
  };
  readonly functions: Readonly<Record<string, FunctionDefinition>>;
  readonly resources: { readonly Resources: Readonly<Record<string, Resource>> };
}

/** The names of the resources, which the functions read from their environment. */
export interface LocalNames {
  readonly MAIN_TABLE: string;
  readonly NONCE_TABLE: string;
  readonly BUCKET: string;
  readonly SERVICE_KEY: string;
}

/** Runs `serverless print`, which takes about 5 s. The result is stored until serverless.yml or the lockfile changes. */
export async function compiledStack(suffix = 'local'): Promise<Stack> {
  const parts = await Promise.all(['serverless.yml', 'package-lock.json'].map((f) => readFile(join(PROJECT, f))));
  const hash = createHash('sha256').update(suffix);
  for (const p of parts) hash.update(p);
  const file = join(STATE, `stack-${hash.digest('hex').slice(0, 16)}.json`);
  if (existsSync(file)) return JSON.parse(await readFile(file, 'utf8')) as Stack;

  const cli = join(PROJECT, 'node_modules', '.bin', 'serverless');
  const { stdout } = await run(cli, ['print', '--format', 'json', '--param', `suffix=${suffix}`], {
    cwd: PROJECT,
    env: localEnvironment(process.env),
    maxBuffer: 1 << 24,
  });
  const stack = JSON.parse(stdout) as Stack;
  await mkdir(STATE, { recursive: true });
  await writeFile(`${file}.${process.pid}`, stdout);
  await rename(`${file}.${process.pid}`, file);
  return stack;
}

const clients = (endpoint: string) => {
  const common = { endpoint, region: LOCAL_REGION };
  return {
    dynamo: new DynamoDBClient(common),
    s3: new S3Client({ ...common, forcePathStyle: true }),
    kms: new KMSClient(common),
  };
};

/**
 * Creates the resources that are missing. Existing ones are not changed. The credentials are those of this process (enterLocalAws), which the functions
 * have too: many a local AWS chooses the account by the access key.
 */
export async function createResources(endpoint: string, stack: Stack): Promise<LocalNames> {
  const { dynamo, s3, kms } = clients(endpoint);
  const { ServiceKey, ServiceKeyAlias } = stack.resources.Resources;
  try {
    for (const { Type, Properties } of Object.values(stack.resources.Resources)) {
      if (Type === 'AWS::DynamoDB::Table') await createTable(dynamo, Properties);
      if (Type === 'AWS::S3::Bucket') await createBucket(s3, Properties as unknown as BucketProperties);
    }
    if (ServiceKey !== undefined && ServiceKeyAlias !== undefined)
      await createKey(kms, ServiceKey.Properties, String(ServiceKeyAlias.Properties['AliasName']));
  } finally {
    for (const client of [dynamo, s3, kms]) client.destroy();
  }
  return namesIn(stack);
}

export function namesIn({ functions }: Stack): LocalNames {
  const { MAIN_TABLE, NONCE_TABLE, BUCKET, SERVICE_KEY } = functions['commit-record']!
    .environment as unknown as LocalNames;
  return { MAIN_TABLE, NONCE_TABLE, BUCKET, SERVICE_KEY };
}

async function createTable(dynamo: DynamoDBClient, properties: Record<string, unknown>): Promise<void> {
  const { TableName, AttributeDefinitions, KeySchema, GlobalSecondaryIndexes, BillingMode } =
    properties as unknown as CreateTableCommandInput;
  const ttl = properties['TimeToLiveSpecification'] as TimeToLiveSpecification | undefined;
  try {
    await dynamo.send(
      new CreateTableCommand({ TableName, AttributeDefinitions, KeySchema, GlobalSecondaryIndexes, BillingMode }),
    );
  } catch (error) {
    if (error instanceof ResourceInUseException) return;
    throw error;
  }
  await waitUntilTableExists({ client: dynamo, maxWaitTime: 30, minDelay: 0.1, maxDelay: 1 }, { TableName });
  if (ttl !== undefined) await dynamo.send(new UpdateTimeToLiveCommand({ TableName, TimeToLiveSpecification: ttl }));
}

async function createKey(kms: KMSClient, properties: Record<string, unknown>, alias: string): Promise<void> {
  try {
    await kms.send(new DescribeKeyCommand({ KeyId: alias }));
    return;
  } catch (error) {
    if (!(error instanceof NotFoundException)) throw error;
  }
  const { KeySpec, KeyUsage } = properties as CreateKeyCommandInput;
  const { KeyMetadata } = await kms.send(new CreateKeyCommand({ KeySpec, KeyUsage }));
  await kms.send(new CreateAliasCommand({ AliasName: alias, TargetKeyId: KeyMetadata?.KeyId }));
}

interface BucketProperties {
  readonly BucketName: string;
  readonly VersioningConfiguration: { readonly Status: 'Enabled' };
  readonly CorsConfiguration: { readonly CorsRules: readonly CorsRule[] };
}

interface CorsRule {
  readonly AllowedOrigins: string[];
  readonly AllowedMethods: string[];
  readonly AllowedHeaders: string[];
  readonly ExposedHeaders: string[];
  readonly MaxAge: number;
}

async function createBucket(s3: S3Client, properties: BucketProperties): Promise<void> {
  const { BucketName: Bucket, VersioningConfiguration, CorsConfiguration } = properties;
  try {
    await s3.send(new CreateBucketCommand({ Bucket }));
  } catch (error) {
    if (!(error instanceof BucketAlreadyOwnedByYou)) throw error;
  }
  await s3.send(new PutBucketVersioningCommand({ Bucket, VersioningConfiguration }));
  // Two members have other names in CloudFormation than in S3.
  const CORSRules = CorsConfiguration.CorsRules.map(({ ExposedHeaders, MaxAge, ...rule }) => ({
    ...rule,
    ExposeHeaders: ExposedHeaders,
    MaxAgeSeconds: MaxAge,
  }));
  await s3.send(new PutBucketCorsCommand({ Bucket, CORSConfiguration: { CORSRules } }));
}
