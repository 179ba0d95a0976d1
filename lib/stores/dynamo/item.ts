// Table items: converts flat records of text, numbers and lists of text to DynamoDB's attribute values and back. Tables contain no other types.
import type { AttributeValue } from '@aws-sdk/client-dynamodb';
import { StatementError } from '../../statements/errors.ts';
import type { Kind, Statement } from '../../statements/kinds.ts';
import { reloadStatement } from '../../statements/verify.ts';
import { StoreError } from '../errors.ts';
import type { Key } from './table.ts';

export type Value = string | number | readonly string[];
export type Item = Readonly<Record<string, Value>>;
/** The members to store. A member that is undefined is not stored. */
export type Fields = Readonly<Record<string, Value | undefined>>;
export type Attributes = Record<string, AttributeValue>;

export const toAttribute = (value: Value): AttributeValue => {
  if (typeof value === 'string') return { S: value };
  if (typeof value === 'number') return { N: String(value) };
  return { L: value.map((s) => ({ S: s })) };
};

export const present = (fields: Fields): Item =>
  Object.fromEntries(Object.entries(fields).filter((e): e is [string, Value] => e[1] !== undefined));

export const toAttributes = (fields: Fields): Attributes =>
  Object.fromEntries(Object.entries(present(fields)).map(([name, value]) => [name, toAttribute(value)]));

const damaged = (name: string): StoreError => new StoreError('damaged-item', `a stored item has no proper ${name}`);

const fromAttribute = (name: string, value: AttributeValue): Value => {
  if (value.S !== undefined) return value.S;
  if (value.N !== undefined) return Number(value.N);
  if (value.L !== undefined) return value.L.map((v) => v.S ?? fail(name));
  return fail(name);
};

const fail = (name: string): never => {
  throw damaged(name);
};

/** Converts an item that was read. @throws {StoreError} `damaged-item` for a type of value that this service never stores */
export const fromAttributes = (attributes: Attributes): Item =>
  Object.fromEntries(Object.entries(attributes).map(([name, value]) => [name, fromAttribute(name, value)]));

/** Reads a text. @throws {StoreError} `damaged-item` */
export const text = <T extends string = string>(item: Item, name: string): T => {
  const value = item[name];
  return typeof value === 'string' ? (value as T) : fail(name);
};

/** Reads a number. @throws {StoreError} `damaged-item` */
export const count = (item: Item, name: string): number => {
  const value = item[name];
  return typeof value === 'number' ? value : fail(name);
};

export const optionalText = (item: Item, name: string): string | undefined =>
  item[name] === undefined ? undefined : text(item, name);

export const optionalCount = (item: Item, name: string): number | undefined =>
  item[name] === undefined ? undefined : count(item, name);

/** Reads the primary key of an item of the main table. @throws {StoreError} `damaged-item` */
export const primaryKeyOf = (item: Item): Key => ({ pk: text(item, 'pk'), sk: text(item, 'sk') });

/** Reads a list; an empty one if the member is missing. @throws {StoreError} `damaged-item` */
export const texts = <T extends string>(item: Item, name: string): readonly T[] => {
  const value = item[name] ?? [];
  return typeof value === 'object' ? (value as readonly T[]) : fail(name);
};

/** Reads the statement in the member `jws`. @throws {StoreError} `damaged-item`, never a StatementError, because the stored item is wrong and not the caller */
export const statementOf = <K extends Kind>(kind: K, item: Item): Statement<K> => {
  const jws = text(item, 'jws');
  try {
    return reloadStatement(kind, jws);
  } catch (error) {
    throw error instanceof StatementError ? damaged(`${kind} statement`) : error;
  }
};
