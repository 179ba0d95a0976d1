// Registers the caller's identity statement, and verifies the identity statements of others against their ids.
import { fromBase64url, toBase64url } from '../../bytes/codec.ts';
import type { IdentityId } from '../../bytes/ids.ts';
import { identityPayload } from '../../identity/identity-statement.ts';
import type { Payload, Statement } from '../../statements/kinds.ts';
import { possessionMessage } from '../../statements/receiving-key-proof-message.ts';
import { signStatement } from '../../statements/sign.ts';
import { verifyStatement } from '../../statements/verify.ts';
import { decodePublicKey, encodePublicKey, publicKeyOf, type PublicKey, type SecretKey } from '../../umbral/keys.ts';
import { verifyMessage } from '../../umbral/ecdsa-verify.ts';
import type { EntryBody } from '../chain/statement-chain.ts';
import type { Context } from '../session/context.ts';
import { check, checked } from '../session/errors.ts';
import type { CallOptions } from '../session/transport.ts';

export const publicKeyText = (key: SecretKey): string => toBase64url(encodePublicKey(publicKeyOf(key)));
export const publicKeyFrom = (text: string): PublicKey => decodePublicKey(fromBase64url(text));

/** Verifies an identity statement: its signature, its keys, the proof that the identity has the receiving key, and that no newer statement is in the memory. */
export const verifyIdentity = async (ctx: Context, id: IdentityId, jws: string): Promise<Statement<'identity'>> => {
  const statement = await checked('identity', () => verifyStatement('identity', jws, id));
  const { receiving, kfragSigner } = statement.payload;
  await checked('identity', () => publicKeyFrom(kfragSigner));
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
 * Returns the verified statement of an identity, from the cache if this client has fetched it before. A cached statement is enough to check
 * fragments, because its `kfragSigner` never changes.
 */
export const knownIdentity = (ctx: Context, id: IdentityId, options: CallOptions = {}) =>
  ctx.identities.get(id) ?? currentIdentity(ctx, id, options);

export interface RegisterOptions extends CallOptions {
  /** A public name for organisations: 1 to 120 characters. Patients have none. If it is absent, the registered name stays; `null` removes that name. */
  readonly name?: string | null | undefined;
}

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
    // A placeholder. A device knows only the hash of the next generation's key, and `next` below is this hash.
    nextIdentityKey: new Uint8Array(32),
  }),
  next: ctx.next,
});

/** Signs the identity statement that `next` makes from the last one, and registers it. @param next returns undefined if no new statement is needed */
const putStatement = (
  ctx: Context,
  next: (last: Statement<'identity'> | undefined) => Payload<'identity'> | undefined,
  options: CallOptions,
): Promise<Statement<'identity'>> =>
  ctx.chain.append(async ({ identity: last }) => {
    const payload = next(last);
    if (payload === undefined) return { done: last! };
    const statement = await signStatement('identity', payload, ctx.keys);
    const send = async (entry: EntryBody) => {
      const body = { statement: statement.jws, ...entry };
      await ctx.call('register', { params: { id: ctx.keys.id }, body }, options);
      ctx.memory.noteIdentity(statement);
      ctx.identities.set(ctx.keys.id, Promise.resolve(statement));
      return statement;
    };
    return { statements: [statement], send };
  }, options);

/**
 * Registers the identity, or replaces its statement if the name differs. A second call with the same name changes nothing.
 * @throws {ClientError} `unverified` (`identity`) if the registered keys of this id are not the keys of this device
 */
export const register = (
  ctx: Context,
  { name: given, signal }: RegisterOptions = {},
): Promise<Statement<'identity'>> => {
  const next = (last: Statement<'identity'> | undefined): Payload<'identity'> | undefined => {
    const name = given === undefined ? last?.payload.name : (given ?? undefined);
    const payload = ownPayload(ctx, last, name);
    if (last === undefined) return payload;
    const { kfragSigner, inbox, receiving } = last.payload;
    check('identity', kfragSigner === payload.kfragSigner && inbox === payload.inbox);
    check('identity', receiving.key === payload.receiving.key && last.payload.next === payload.next);
    return last.payload.name === name ? undefined : payload;
  };
  return putStatement(ctx, next, { signal });
};

/**
 * Replaces the receiving key by the next one. Pending requests that name the old key can no longer be approved. Grants for the old key still work on a
 * device with the seed, until they are returned or end.
 */
export const renewReceivingKey = (ctx: Context, options: CallOptions = {}): Promise<Statement<'identity'>> => {
  // Chosen once. The service may store the statement and refuse it all the same: the chain then has the key that this call wants, and no further one is signed.
  let wanted: number | undefined;
  const next = (last: Statement<'identity'> | undefined): Payload<'identity'> | undefined => {
    check('identity', last !== undefined);
    const { name, receiving } = last.payload;
    wanted ??= receiving.number + 1;
    return receiving.number >= wanted ? undefined : ownPayload(ctx, last, name, wanted);
  };
  return putStatement(ctx, next, options);
};
