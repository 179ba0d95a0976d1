// Canonical form of statements: a compact JWS in which every part has exactly one accepted text. docs/spec/statements.md specifies it.
import { sha256 } from '@noble/hashes/sha2.js';
import { fromBase64url, fromUtf8, toBase64url, utf8 } from '../bytes/codec.ts';
import type { IdentityId } from '../bytes/ids.ts';
import { StatementError } from './errors.ts';
import { refusedMember } from './refused-member.ts';
import { KINDS, type Jws, type Kind, type Payload, type StatementHash } from './kinds.ts';

/** Maximum length of a statement in characters. A grant over 80 cells has about 45,000. */
export const MAX_JWS_LENGTH = 65_536;

export const typOf = (kind: Kind): string => `pcehr-${kind}+jws`;

/** The only accepted text of the protected header. */
export const headerText = (kind: Kind, signer: IdentityId): string =>
  JSON.stringify({ alg: 'EdDSA', kid: signer, typ: typOf(kind) });

export interface Parts {
  /** The bytes that are signed: ASCII of `header.payload`. */
  readonly signingInput: Uint8Array;
  readonly header: string;
  readonly payload: string;
  readonly signature: Uint8Array;
}

/** The part of a statement that is named in an error. */
type Part = 'statement' | 'header' | 'payload';

const malformed = (part: Part, what: string): StatementError => new StatementError('malformed', what, part);

/** Runs `read`. Every error inside becomes `malformed`. */
const orMalformed = <T>(part: Part, what: string, read: () => T): T => {
  try {
    return read();
  } catch {
    throw malformed(part, what);
  }
};

/** Splits a JWS. @throws {StatementError} `malformed` unless there are three parts of canonical base64url */
export const splitJws = (jws: Jws): Parts => {
  if (jws.length > MAX_JWS_LENGTH) throw malformed('statement', 'the statement is too long');
  const [header, payload, signature, ...rest] = jws.split('.');
  if (header === undefined || payload === undefined || signature === undefined || rest.length > 0)
    throw malformed('statement', 'the statement does not have three parts');
  return orMalformed('statement', 'a part of the statement is not canonical base64url', () => ({
    signingInput: utf8(`${header}.${payload}`),
    header: fromUtf8(fromBase64url(header)),
    payload: fromUtf8(fromBase64url(payload)),
    signature: fromBase64url(signature),
  }));
};

/** Parses JSON that equals `JSON.stringify(JSON.parse(.))`: no white space, no repeated members, one form of each number and string. */
export const parseCanonical = (text: string, part: 'header' | 'payload'): unknown => {
  const value = orMalformed<unknown>(part, `the ${part} is not JSON`, () => JSON.parse(text));
  const canonical = orMalformed(part, `the ${part} is nested too deeply`, () => JSON.stringify(value));
  if (canonical !== text) throw malformed(part, `the ${part} is not in canonical form`);
  return value;
};

/** Checks a payload against its schema. @throws {StatementError} `bad-payload`; the error names the member, never its content */
export const parsePayload = <K extends Kind>(kind: K, value: unknown): Payload<K> => {
  const result = KINDS[kind].payload.safeParse(value);
  if (result.success) return result.data as Payload<K>;
  const member = refusedMember(result.error) || 'payload';
  const [issue] = result.error.issues;
  const valid = issue?.code === 'invalid_value' ? `: not one of ${issue.values.join(', ')}` : '';
  throw new StatementError('bad-payload', `bad ${member}${valid}`, member);
};

/** The signer that the payload names. */
export const signerOf = <K extends Kind>(kind: K, payload: Payload<K>): IdentityId =>
  (payload as Record<string, unknown>)[KINDS[kind].signer] as IdentityId;

/**
 * The hash by which statements, grants and audit events refer to a statement: SHA-256 of ASCII `header.payload`, as base64url.
 * The signature is left out, so that two signatures over the same content give one hash.
 */
export const statementHash = (jws: Jws): StatementHash =>
  toBase64url(sha256(utf8(jws.slice(0, Math.max(0, jws.lastIndexOf('.'))))));
