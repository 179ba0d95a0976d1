// Signs and verifies the statements of the service: receipts, checkpoints, keys, signed times and answers to openings. They are compact JWS with ES256
// (RFC 7518 section 3.4), so anybody can verify them. docs/spec/service-statements.md specifies them.
import { p256 } from '@noble/curves/nist.js';
import { sha256 as hashOf } from '@noble/hashes/sha2.js';
import * as z from 'zod/mini';
import { concat } from '../bytes/binary.ts';
import { fromBase64url, toBase64url, utf8 } from '../bytes/codec.ts';
import type { GrantId, RecordId } from '../bytes/ids.ts';
import { StatementError } from './errors.ts';
import { bytesOf, identity, instant, integer, listOf, ordinal, point, randomId, sha256 } from './fields.ts';
import { parseCanonical, splitJws, type Parts } from './jws.ts';
import type { Jws } from './kinds.ts';
import { refusedMember } from './refused-member.ts';

/** Receipt: the version that was stored, and the event of the patient's trail that records it. */
export const receiptPayload = z.strictObject({
  patient: identity,
  author: identity,
  grant: randomId<GrantId>(),
  record: randomId<RecordId>(),
  version: ordinal,
  /** Hash of the record statement. */
  statement: sha256,
  /** Hash of the audit event. */
  event: sha256,
  when: instant,
});

/** Checkpoint: the number of events of a patient's trail and the hash of the last one, and the last entry of the patient's chain of statements. */
export const checkpointPayload = z.strictObject({
  patient: identity,
  seq: integer(0, 999_999_999_999),
  hash: sha256,
  entry: z.optional(z.strictObject({ number: ordinal, hash: sha256 })),
  when: instant,
});

/** The next key of the service, signed by the previous one. */
export const serviceKeyPayload = z.strictObject({ key: point, when: instant });

/** The key of one running copy of the service. It signs answers and times, because they are too frequent for calls to KMS, where the service key is. */
export const proxyKeyPayload = z.strictObject({ key: point, from: instant, until: instant });

/** The service's time, with the nonce of the request. A proxy key signs it. */
export const timePayload = z.strictObject({ nonce: bytesOf(16), when: instant });

/** The answer to one opening. A proxy key signs it. */
export const recapsulationPayload = z.strictObject({
  /** Hash of the opening statement. */
  opening: sha256,
  /** {@link fragmentHash} for each record, in the order of the opening. */
  fragments: listOf(sha256, 1, 100),
  /**
   * The delegation, as the patient gave it to the service: key fragment signer, cell key, receiving key, and the key fragment's id. Fragments are judged by
   * this delegation alone, because a patient could later sign other grants and identity statements.
   */
  delegation: z.strictObject({ verifying: point, delegating: point, receiving: point, kfrag: bytesOf(32) }),
  when: instant,
});
export type SignedDelegation = ServicePayload<'recapsulation'>['delegation'];

export const SERVICE_KINDS = {
  receipt: receiptPayload,
  checkpoint: checkpointPayload,
  'service-key': serviceKeyPayload,
  'proxy-key': proxyKeyPayload,
  recapsulation: recapsulationPayload,
  time: timePayload,
} as const;
export type ServiceKind = keyof typeof SERVICE_KINDS;
export type ServicePayload<K extends ServiceKind> = z.infer<(typeof SERVICE_KINDS)[K]>;

/** SEC 1 compressed P-256 point, 33 bytes, base64url. */
export type ServiceKey = string;

/** Signs SHA-256 of the bytes with ECDSA over P-256. The promise resolves to r and s, 32 bytes each. */
export type EcdsaSign = (signingInput: Uint8Array) => Promise<Uint8Array>;

/** Hash of one record's answer: SHA-256 over tag, capsule (105 bytes) and capsule fragment (381 bytes), base64url. */
export const fragmentHash = (capsule: Uint8Array, fragment: Uint8Array): string =>
  toBase64url(hashOf(concat(utf8('pcehr/v1/fragment\0'), capsule, fragment)));

const text = (json: string): string => toBase64url(utf8(json));

const thumbprint = (key: ServiceKey): string => {
  const bytes = p256.Point.fromBytes(fromBase64url(key)).toBytes(false);
  const [x, y] = [bytes.subarray(1, 33), bytes.subarray(33)].map(toBase64url);
  return toBase64url(hashOf(utf8(JSON.stringify({ crv: 'P-256', kty: 'EC', x, y }))));
};

/** Maximum number of cached thumbprints. They are cached, because decompressing a point costs as much as a signature, and only a few keys are in use. */
const MOST_IDS = 16;
const ids = new Map<ServiceKey, string>();

/** RFC 7638 thumbprint of a key. It is the `kid` of a header. */
export const keyIdOf = (key: ServiceKey): string => {
  const known = ids.get(key);
  if (known !== undefined) return known;
  const id = thumbprint(key);
  if (ids.size >= MOST_IDS) ids.clear();
  ids.set(key, id);
  return id;
};

const headerOf = (kind: ServiceKind, key: ServiceKey): string =>
  JSON.stringify({ alg: 'ES256', kid: keyIdOf(key), typ: `pcehr-${kind}+jws` });

/** Checks a payload against its schema. @throws {StatementError} `bad-payload` */
const parse = <K extends ServiceKind>(kind: K, payload: unknown): ServicePayload<K> => {
  const parsed = SERVICE_KINDS[kind].safeParse(payload);
  if (!parsed.success)
    throw new StatementError('bad-payload', `this is no ${kind}`, refusedMember(parsed.error) || 'payload');
  return parsed.data as ServicePayload<K>;
};

/**
 * Signs as the service, or as one running copy of it. Nothing checks that `key` belongs to the signer: a caller that does not own both must verify the result.
 * @throws {StatementError} `bad-payload`
 */
export const signAsService = async <K extends ServiceKind>(
  kind: K,
  payload: ServicePayload<K>,
  { key, sign }: { readonly key: ServiceKey; readonly sign: EcdsaSign },
): Promise<Jws> => {
  const signingInput = `${text(headerOf(kind, key))}.${text(JSON.stringify(parse(kind, payload)))}`;
  return `${signingInput}.${toBase64url(await sign(utf8(signingInput)))}`;
};

/** Verifies a signature. Both (r, s) and (r, n - s) are valid by RFC 7518, and KMS makes both. Anything that is not two scalars is invalid. */
const holds = ({ signature, signingInput }: Parts, key: ServiceKey): boolean => {
  try {
    return p256.verify(signature, signingInput, fromBase64url(key), { lowS: false });
  } catch {
    return false;
  }
};

/**
 * Verifies header, signature and payload of a statement of the service.
 *
 * @param key the service's key that the caller already knows; never take it from the statement
 * @throws {StatementError} `malformed`, `wrong-signer`, `bad-signature`, `bad-payload`
 */
export const verifyServiceStatement = <K extends ServiceKind>(
  kind: K,
  jws: Jws,
  key: ServiceKey,
): ServicePayload<K> => {
  const parts = splitJws(jws);
  if (parts.header !== headerOf(kind, key)) {
    const { typ } = Object(parseCanonical(parts.header, 'header')) as { readonly typ?: unknown };
    if (typ !== `pcehr-${kind}+jws`) throw new StatementError('malformed', `this is no ${kind}`, 'typ');
    throw new StatementError('wrong-signer', 'kid is not the key that was expected', 'kid');
  }
  if (!holds(parts, key)) throw new StatementError('bad-signature', 'the signature does not verify', 'signature');
  return parse(kind, parseCanonical(parts.payload, 'payload'));
};
