// Gives the path of the member that a schema refused. The path contains no value. If the sender chose the name of a member, the path contains this name only if
// the name is a plain identifier.
import type * as z from 'zod/mini';

/** A name that is safe to repeat to its sender, and in a log: a short identifier of ASCII letters and digits. */
const PLAIN = /^[A-Za-z][A-Za-z0-9]{0,31}$/;

const named = (segment: PropertyKey): string =>
  typeof segment === 'number' || PLAIN.test(String(segment)) ? String(segment) : 'unknown member';

/** The path of the first wrong member, such as `cells.0.epoch`; empty if the value as a whole is wrong. */
export const refusedMember = ({ issues }: z.core.$ZodError): string => {
  const [issue] = issues;
  const unknown = issue?.code === 'unrecognized_keys' ? issue.keys.slice(0, 1) : [];
  return [...(issue?.path ?? []), ...unknown].map(named).join('.');
};
