// Makes secrets unprintable: a log line, an error or a JSON text shows a placeholder instead.

const inspect = Symbol.for('nodejs.util.inspect.custom');

/** Makes `value` print as a placeholder in strings, in JSON and in Node's inspector. Its members stay readable. */
export const concealed = <T extends object>(what: string, value: T): Readonly<T> => {
  const placeholder = (): string => `[${what}]`;
  const hidden = { enumerable: false, value: placeholder };
  return Object.freeze(Object.defineProperties(value, { toString: hidden, toJSON: hidden, [inspect]: hidden }));
};
