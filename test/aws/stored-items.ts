// Reads what is stored under given ids: every item (consistent reads, sorted), and every version of the blobs.
import type { AwsClient } from '../../lib/runtime/container.ts';
import { DynamoDBClient, paginateQuery } from '@aws-sdk/client-dynamodb';
import { ListMultipartUploadsCommand, ListObjectVersionsCommand, S3Client } from '@aws-sdk/client-s3';

import { fromAttributes } from '../../lib/stores/dynamo/item.ts';

export interface Clients {
  dynamo?: DynamoDBClient;
  s3?: S3Client;
}

/** Give this to `makeService` as `onClient`: it stores the clients of the service in `clients`. */
export const keepIn = (clients: Clients) => (client: AwsClient) => {
  if (client.config.serviceId === 'DynamoDB') clients.dynamo = client as DynamoDBClient;
  if (client.config.serviceId === 'S3') clients.s3 = client as S3Client;
};

/** The clients that read here. The clients of the service do not, because hundreds of reads at once exceed their time limits on a busy machine. */
const dynamo = new DynamoDBClient();
const s3 = new S3Client({ forcePathStyle: true });

const PREFIXES = ['I', 'A', 'F', 'R', 'Q', 'G'];

/** Reads all items under these ids, sorted. @param ids ids of people, folders, records and so on. The key of a slot contains the ids of two people */
export const itemsOf = async (ids: ReadonlySet<string>): Promise<readonly string[]> => {
  const people = [...ids].filter((id) => id.startsWith('ehr1'));
  const slots = people.flatMap((a) => people.map((b) => `QS#${a}#${b}`));
  const keys = [...[...ids].flatMap((id) => PREFIXES.map((p) => `${p}#${id}`)), ...slots];
  const items = await Promise.all(
    keys.map(async (pk) => {
      const found: string[] = [];
      const query = {
        TableName: process.env['MAIN_TABLE']!,
        KeyConditionExpression: 'pk = :pk',
        ExpressionAttributeValues: { ':pk': { S: pk } },
        ConsistentRead: true,
      };
      for await (const page of paginateQuery({ client: dynamo }, query))
        for (const item of page.Items ?? []) found.push(JSON.stringify(Object.entries(fromAttributes(item)).sort()));
      return found;
    }),
  );
  return items.flat().sort();
};

/** Lists the versions, delete markers and unfinished uploads in S3 of those `ids` that are record ids. */
export const blobsOf = async (ids: ReadonlySet<string>): Promise<readonly string[]> => {
  const ofRecord = async (record: string): Promise<readonly string[]> => {
    const where = { Bucket: process.env['BUCKET']!, Prefix: `b/${record}` };
    const [objects, uploads] = await Promise.all([
      s3.send(new ListObjectVersionsCommand(where)),
      s3.send(new ListMultipartUploadsCommand(where)),
    ]);
    return [
      // A repeated deletion stores the same empty object again, as a new version.
      ...(objects.Versions ?? []).map((v) => `${v.Key} ${v.Size === 0 ? 'empty' : v.VersionId}`),
      ...(objects.DeleteMarkers ?? []).map((v) => `${v.Key} ${v.VersionId} deleted`),
      ...(uploads.Uploads ?? []).map((u) => `${u.Key} ${u.UploadId} unfinished`),
    ];
  };
  return (await Promise.all([...ids].filter((id) => id.length === 26).map(ofRecord))).flat().sort();
};
