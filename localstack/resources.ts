// Local resources: creates tables, bucket and service key on a local AWS by SDK calls. It reads their definitions from the compiled serverless.yml, so
// that there is no second definition.
import type { Stack } from './compiled-stack.ts';
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
import { LOCAL_REGION } from './environment.ts';

/** The names of the resources, which the functions read from their environment. */
export interface LocalNames {
  readonly MAIN_TABLE: string;
  readonly NONCE_TABLE: string;
  readonly BUCKET: string;
  readonly SERVICE_KEY: string;
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
 * Creates the resources that are missing, and does not change existing ones. It uses the credentials of this process (enterLocalAws), as the functions do,
 * because some local AWS choose the account by the access key.
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
  // Two members have other names in S3 than in CloudFormation.
  const CORSRules = CorsConfiguration.CorsRules.map(({ ExposedHeaders, MaxAge, ...rule }) => ({
    ...rule,
    ExposeHeaders: ExposedHeaders,
    MaxAgeSeconds: MaxAge,
  }));
  await s3.send(new PutBucketCorsCommand({ Bucket, CORSConfiguration: { CORSRules } }));
}
