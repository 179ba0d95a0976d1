// Tests the IAM roles of the deployed stack by assuming them: each function has its own role, with no more permissions than it needs.
import { DynamoDBClient, GetItemCommand, PutItemCommand, ScanCommand } from '@aws-sdk/client-dynamodb';
import { GetObjectCommand, S3Client } from '@aws-sdk/client-s3';
import { GetFunctionConfigurationCommand, LambdaClient } from '@aws-sdk/client-lambda';
import { AssumeRoleCommand, STSClient } from '@aws-sdk/client-sts';
import { describe, expect, test } from '@jest/globals';
import { ROUTES } from '../../../lib/api/routes.ts';

const STAGE = process.env['STACK_STAGE'] ?? 'prod';
const TABLE = `pcehr-main-${STAGE}`;

const roleOf = async (name: string): Promise<string> => {
  const { Role = '' } = await new LambdaClient({}).send(
    new GetFunctionConfigurationCommand({ FunctionName: `pcehr-${STAGE}-${name}` }),
  );
  return Role;
};

const credentialsOf = async (name: string) => {
  const { Credentials: c } = await new STSClient({}).send(
    new AssumeRoleCommand({ RoleArn: await roleOf(name), RoleSessionName: 'test' }),
  );
  return { accessKeyId: c!.AccessKeyId!, secretAccessKey: c!.SecretAccessKey!, sessionToken: c!.SessionToken! };
};

const outcome = async (run: Promise<unknown>): Promise<string> => {
  try {
    await run;
    return 'allowed';
  } catch (error) {
    return (error as Error).name.startsWith('AccessDenied') ? 'denied' : (error as Error).name;
  }
};

const KEY = { pk: { S: 'F#none' }, sk: { S: 'F' } };

describe('roles', () => {
  test('every function has its own role', async () => {
    const roles = await Promise.all([...Object.keys(ROUTES), 'sweep-uploads'].map(roleOf));
    expect(new Set(roles).size).toBe(roles.length);
  });

  test('a function that reads may neither write nor scan, nor read blobs', async () => {
    const credentials = await credentialsOf('list-chain');
    const dynamo = new DynamoDBClient({ credentials });
    const s3 = new S3Client({ credentials, forcePathStyle: true });
    expect(await outcome(dynamo.send(new GetItemCommand({ TableName: TABLE, Key: KEY })))).toBe('allowed');
    expect(await outcome(dynamo.send(new PutItemCommand({ TableName: TABLE, Item: KEY })))).toBe('denied');
    expect(await outcome(dynamo.send(new ScanCommand({ TableName: TABLE })))).toBe('denied');
    expect(await outcome(s3.send(new GetObjectCommand({ Bucket: `pcehr-blobs-${STAGE}`, Key: 'b/x' })))).toBe('denied');
  });

  test('health may not even read', async () => {
    const dynamo = new DynamoDBClient({ credentials: await credentialsOf('health') });
    expect(await outcome(dynamo.send(new GetItemCommand({ TableName: TABLE, Key: KEY })))).toBe('denied');
  });
});
