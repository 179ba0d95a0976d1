// Conditional writes: describes the steps of a transaction and their conditions. One description serves twice: it becomes DynamoDB's expression, and it
// tells which condition failed when DynamoDB refuses the step and returns the old item.
import type { TransactWriteItem } from '@aws-sdk/client-dynamodb';
import type { AppError } from '../../api/errors.ts';
import type { StatementHash } from '../../statements/kinds.ts';
import { present, toAttributes, type Fields, type Item, type Value } from './item.ts';
import type { Key } from './table.ts';

/** `repeated`: the write was done before, and nothing is wrong. */
export type Refusal = AppError | 'repeated';

interface Named {
  readonly member: string;
  /** Returns the refusal when the condition fails. @param old the stored item, undefined if there is none */
  readonly otherwise: (old: Item | undefined) => Refusal;
}
export type Condition = Named &
  (
    | { readonly test: 'absent' }
    | { readonly test: '='; readonly value: Value }
    | { readonly test: 'in'; readonly values: readonly Value[] }
    | { readonly test: '<=' | '>' | 'absent-or-<='; readonly value: number }
  );

type Otherwise = Named['otherwise'];
export const isAbsent = (otherwise: Otherwise): Condition => ({ member: 'pk', test: 'absent', otherwise });
export const is = (member: string, value: Value, otherwise: Otherwise): Condition => ({
  member,
  test: '=',
  value,
  otherwise,
});
export const isOneOf = (member: string, values: readonly Value[], otherwise: Otherwise): Condition => ({
  member,
  test: 'in',
  values,
  otherwise,
});
export const isAtMost = (member: string, value: number, otherwise: Otherwise): Condition => ({
  member,
  test: '<=',
  value,
  otherwise,
});
export const isAbove = (member: string, value: number, otherwise: Otherwise): Condition => ({
  member,
  test: '>',
  value,
  otherwise,
});
export const isAbsentOrAtMost = (member: string, value: number, otherwise: Otherwise): Condition => ({
  member,
  test: 'absent-or-<=',
  value,
  otherwise,
});

interface Conditional {
  readonly when: readonly Condition[];
  /** Hash of the statement that this step stores in the member `hash` of the item. If the old item has the same hash, the write was done before. */
  readonly makes?: StatementHash;
}
export type Step = Conditional &
  (
    | { readonly put: Fields & Key }
    | {
        readonly update: Key;
        readonly set?: Fields;
        readonly remove?: readonly string[];
        readonly add?: Readonly<Record<string, number>>;
      }
    | { readonly delete: Key }
    | { readonly check: Key }
  );

export const holds = (condition: Condition, old: Item | undefined): boolean => {
  const value = old?.[condition.member];
  switch (condition.test) {
    case 'absent':
      return value === undefined;
    case '=':
      return value === condition.value;
    case 'in':
      return condition.values.some((v) => v === value);
    case '<=':
      return typeof value === 'number' && value <= condition.value;
    case '>':
      return typeof value === 'number' && value > condition.value;
    case 'absent-or-<=':
      return value === undefined || (typeof value === 'number' && value <= condition.value);
  }
};

/** Collects the placeholders of one step. */
const placeholders = () => {
  const names: Record<string, string> = {};
  const values: Record<string, Value> = {};
  return {
    name: (member: string): string => {
      const known = Object.entries(names).find(([, m]) => m === member)?.[0];
      const placeholder = known ?? `#n${Object.keys(names).length}`;
      names[placeholder] = member;
      return placeholder;
    },
    value: (value: Value): string => {
      const placeholder = `:v${Object.keys(values).length}`;
      values[placeholder] = value;
      return placeholder;
    },
    used: () => ({
      ...(Object.keys(names).length === 0 ? {} : { ExpressionAttributeNames: names }),
      ...(Object.keys(values).length === 0 ? {} : { ExpressionAttributeValues: toAttributes(values) }),
    }),
  };
};
type Placeholders = ReturnType<typeof placeholders>;

const expression = (p: Placeholders, c: Condition): string => {
  const name = p.name(c.member);
  switch (c.test) {
    case 'absent':
      return `attribute_not_exists(${name})`;
    case 'absent-or-<=':
      return `(attribute_not_exists(${name}) OR ${name} <= ${p.value(c.value)})`;
    case 'in':
      return `${name} IN (${c.values.map((v) => p.value(v)).join(', ')})`;
    default:
      return `${name} ${c.test} ${p.value(c.value)}`;
  }
};

const conditionsOf = (p: Placeholders, when: readonly Condition[]) =>
  when.length === 0
    ? {}
    : {
        ConditionExpression: when.map((c) => expression(p, c)).join(' AND '),
        ReturnValuesOnConditionCheckFailure: 'ALL_OLD' as const,
      };

const updateOf = (p: Placeholders, step: Extract<Step, { readonly update: Key }>): string => {
  const set = Object.entries(present(step.set ?? {})).map(([m, v]) => `${p.name(m)} = ${p.value(v)}`);
  const add = Object.entries(step.add ?? {}).map(([m, v]) => `${p.name(m)} ${p.value(v)}`);
  const remove = (step.remove ?? []).map((m) => p.name(m));
  return [clause('SET', set), clause('ADD', add), clause('REMOVE', remove)].filter((c) => c !== '').join(' ');
};
const clause = (word: string, parts: readonly string[]): string =>
  parts.length === 0 ? '' : `${word} ${parts.join(', ')}`;

export const toTransactItem = (TableName: string, step: Step): TransactWriteItem => {
  const p = placeholders();
  if ('put' in step)
    return { Put: { TableName, Item: toAttributes(step.put), ...conditionsOf(p, step.when), ...p.used() } };
  if ('update' in step) {
    const common = { TableName, Key: toAttributes({ ...step.update }), UpdateExpression: updateOf(p, step) };
    return { Update: { ...common, ...conditionsOf(p, step.when), ...p.used() } };
  }
  if ('delete' in step)
    return { Delete: { TableName, Key: toAttributes({ ...step.delete }), ...conditionsOf(p, step.when), ...p.used() } };
  const { ConditionExpression = '', ...rest } = conditionsOf(p, step.when);
  return {
    ConditionCheck: { TableName, Key: toAttributes({ ...step.check }), ConditionExpression, ...rest, ...p.used() },
  };
};
