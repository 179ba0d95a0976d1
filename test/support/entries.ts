// Signs entries of the chain of statements for tests. As a client does, it adds an entry to the body of a request; the entry names the statements in the body.
import { p256 } from '@noble/curves/nist.js';
import { ROUTES, type Body, type RouteName } from '../../lib/api/routes.ts';
import { toBase64url } from '../../lib/bytes/codec.ts';
import type { EntryHead } from '../../lib/domain/statement-chain.ts';
import { signStatement, type Signer } from '../../lib/statements/sign.ts';
import { statementHash } from '../../lib/statements/verify.ts';

/** The service key in entries that tests sign. Its value does not matter, because no test of the service compares it. */
export const SERVICE_KEY = toBase64url(p256.Point.BASE.toBytes());

/** The body of a request, from which a test may leave out the entry. */
export type BodyWithoutEntry<N extends RouteName> =
  Body<N> extends { entry: string } ? Omit<Body<N>, 'entry'> & { readonly entry?: string } : Body<N>;

interface ActBody {
  readonly entry?: string;
  readonly statement?: string;
  readonly grants?: readonly { readonly statement: string }[];
  readonly extensions?: readonly { readonly statement: string }[];
}

/** Whether calls of a route add an entry to the caller's chain. */
export const addsEntry = (name: RouteName): boolean => 'entry' in (ROUTES[name].body?.shape ?? {});

const statementsIn = ({ statement, grants = [], extensions = [] }: ActBody): readonly string[] => [
  ...(statement === undefined ? [] : [statement]),
  ...[...grants, ...extensions].map((b) => b.statement),
];

/** Returns the hashes of the statements of a body, in the order of the entry; an empty list if a text is no statement. */
const hashesIn = (body: ActBody): readonly string[] => {
  try {
    return statementsIn(body).map(statementHash);
  } catch {
    return [];
  }
};

/** A stored entry: its text, and the hashes of the statements that it names. */
export interface KnownEntry {
  readonly jws: string;
  readonly statements: readonly string[];
}

/**
 * Adds the entry that follows `head`. But if the chain already has an entry for the same statements, it adds that entry, as a client does when it repeats a
 * call.
 * @param known the entries of the signer's chain
 * @param service the service key. A test over HTTP must give the key of the deployment, because the clients of such tests compare it
 */
export const withEntry = async <B extends object>(
  body: B,
  signer: Signer,
  {
    head,
    known,
    now,
    service = SERVICE_KEY,
  }: {
    readonly head: EntryHead;
    readonly known: readonly KnownEntry[];
    readonly now: number;
    readonly service?: string;
  },
): Promise<B & { readonly entry: string }> => {
  const act: ActBody = body;
  if (act.entry !== undefined) return { ...body, entry: act.entry };
  const hashes = hashesIn(act);
  const again = known.find((e) => e.statements.join() === hashes.join());
  if (again !== undefined) return { ...body, entry: again.jws };
  const payload = {
    id: signer.id,
    service,
    number: head.number + 1,
    ...(head.hash === undefined ? {} : { previous: head.hash }),
    statements: hashes.length === 0 ? ['A'.repeat(43)] : [...hashes],
    issued: now,
  };
  return { ...body, entry: (await signStatement('entry', payload, signer)).jws };
};
