// Registers the caller's identity statement, and verifies the identity statements of others against their ids.
import { AppError } from '../../api/errors.ts';
import { fromBase64url, toBase64url } from '../../bytes/codec.ts';
import type { IdentityId } from '../../bytes/ids.ts';
import { identityPayload } from '../../identity/identity-statement.ts';
import type { Payload, Statement } from '../../statements/kinds.ts';
import { possessionMessage } from '../../statements/receiving-key-proof-message.ts';
import { signStatement } from '../../statements/sign.ts';
import { verifyStatement } from '../../statements/verify.ts';
import { decodePublicKey, encodePublicKey, publicKeyOf, type PublicKey, type SecretKey } from '../../umbral/keys.ts';
import { verifyMessage } from '../../umbral/ecdsa-verify.ts';
import type { Context } from '../session/context.ts';
import { check, checked, unverified } from '../session/errors.ts';
import type { CallOptions } from '../session/transport.ts';

export const publicKeyText = (key: SecretKey): string => toBase64url(encodePublicKey(publicKeyOf(key)));
export const publicKeyFrom = (text: string): PublicKey => decodePublicKey(fromBase64url(text));

/** Verifies an identity statement: its signature, its keys, the proof that the identity has the receiving key, and that no newer statement is in the memory. */
export const verifyIdentity = async (ctx: Context, id: IdentityId, jws: string): Promise<Statement<'identity'>> => {
  const statement = await checked('identity', () => verifyStatement('identity', jws, id));
  const { receiving, inbox, kfragSigner } = statement.payload;
  await checked('identity', () => [inbox, kfragSigner].map(publicKeyFrom));
  await checked('receiving-key', () => {
    const message = possessionMessage(id, receiving.number, fromBase64url(receiving.key));
    check('receiving-key', verifyMessage(publicKeyFrom(receiving.key), message, fromBase64url(receiving.proof)));
  });
  ctx.memory.noteIdentity(statement);
  return statement;
};

const fetchIdentity = async (ctx: Context, id: IdentityId, options: CallOptions): Promise<Statement<'identity'>> => {
  const { statement } = await ctx.call('get-identity', { params: { id } }, options);
  return verifyIdentity(ctx, id, statement);
};

/** Fetches and verifies the current statement of an identity. */
export const currentIdentity = (ctx: Context, id: IdentityId, options: CallOptions = {}) => {
  const fetched = fetchIdentity(ctx, id, options);
  ctx.identities.set(id, fetched);
  fetched.catch(() => ctx.identities.delete(id));
  return fetched;
};

/**
 * Returns the verified statement of an identity, from the cache if this client has fetched it before. A cached one is enough, because `kfragSigner` never
 * changes.
 */
export const knownIdentity = (ctx: Context, id: IdentityId, options: CallOptions = {}) =>
  ctx.identities.get(id) ?? currentIdentity(ctx, id, options);

export interface RegisterOptions extends CallOptions {
  /** A public name for organisations: 1 to 120 characters. Patients have none. If it is absent, the registered name stays; `null` removes that name. */
  readonly name?: string | null | undefined;
}

const isRefusal = (error: unknown, ...codes: readonly string[]): boolean =>
  error instanceof AppError && codes.includes(error.code);

/** Fetches the caller's registered statement. Undefined if the caller is not registered. */
const ownStatement = async (ctx: Context, options: CallOptions): Promise<Statement<'identity'> | undefined> => {
  try {
    return await currentIdentity(ctx, ctx.keys.id, options);
  } catch (error) {
    if (isRefusal(error, 'not-found', 'not-registered')) return undefined;
    throw error;
  }
};

const ownPayload = (
  ctx: Context,
  last: Statement<'identity'> | undefined,
  name?: string,
  receivingNumber = last?.payload.receiving.number ?? 1,
): Payload<'identity'> => ({
  ...identityPayload({
    keys: ctx.keys,
    number: (last?.payload.number ?? 0) + 1,
    previous: last?.hash,
    receivingNumber,
    name,
    now: ctx.now(),
    // A device knows only the hash of the next generation's key.
    nextIdentityKey: new Uint8Array(32),
  }),
  next: ctx.next,
});

const putStatement = async (
  ctx: Context,
  payload: Payload<'identity'>,
  options: CallOptions,
): Promise<Statement<'identity'>> => {
  const statement = await signStatement('identity', payload, ctx.keys);
  await ctx.call('register', { params: { id: ctx.keys.id }, body: { statement: statement.jws } }, options);
  ctx.memory.noteIdentity(statement);
  ctx.identities.set(ctx.keys.id, Promise.resolve(statement));
  return statement;
};

/**
 * Registers the identity, or replaces its statement if the name differs. A second call with the same name changes nothing.
 * @throws {ClientError} `unverified` (`identity`) if the registered keys of this id are not the keys of this device
 */
export const register = async (
  ctx: Context,
  { name: given, signal }: RegisterOptions = {},
): Promise<Statement<'identity'>> => {
  const last = await ownStatement(ctx, { signal });
  const name = given === undefined ? last?.payload.name : (given ?? undefined);
  const payload = ownPayload(ctx, last, name);
  if (last !== undefined) {
    const { kfragSigner, inbox, receiving, next } = last.payload;
    if (kfragSigner !== payload.kfragSigner || inbox !== payload.inbox || receiving.key !== payload.receiving.key)
      throw unverified('identity');
    check('identity', next === payload.next);
    if (last.payload.name === name) return last;
  }
  return putStatement(ctx, payload, { signal });
};

/**
 * Replaces the receiving key by the next one. Pending requests that name the old key can no longer be approved. Grants for the old key still work on a
 * device with the seed, until they are returned or end.
 */
export const renewReceivingKey = async (ctx: Context, options: CallOptions = {}): Promise<Statement<'identity'>> => {
  const last = await currentIdentity(ctx, ctx.keys.id, options);
  const { receiving, name } = last.payload;
  return putStatement(ctx, ownPayload(ctx, last, name, receiving.number + 1), options);
};
