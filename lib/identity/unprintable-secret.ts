// Secrets that do not print themselves: a key that lands in a log line, an error or a JSON body shows a placeholder.

const inspect = Symbol.for('nodejs.util.inspect.custom');

/** Makes `value` print as a placeholder in strings, JSON and Node's inspector. The members stay readable. */
export const concealed = <T extends object>(what: string, value: T): Readonly<T> => {
  const placeholder = (): string => `[${what}]`;
  const hidden = { enumerable: false, value: placeholder };
  return Object.freeze(Object.defineProperties(value, { toString: hidden, toJSON: hidden, [inspect]: hidden }));
};
