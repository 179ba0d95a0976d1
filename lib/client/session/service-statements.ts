// Verifies receipts, checkpoints and times that the service signed, with the configured service key or with the key that was pinned at first use.
import type { DeviceKeys } from '../../identity/key-derivation.ts';
import type { Jws, Statement, StatementHash } from '../../statements/kinds.ts';
import { verifyServiceStatement, type ServiceKey, type ServicePayload } from '../../statements/service-statements.ts';
import { check, checked } from './errors.ts';
import type { Memory } from './memory.ts';
import type { CallOptions, CallRoute } from './transport.ts';

/** The parts of a context that the functions here use to find the service key: a way to call routes, and the memory. */
interface ServiceKeySource {
  readonly call: CallRoute;
  readonly memory: Memory;
}

/** The service's confirmation that it stored a record, with the hash of the event in the patient's trail. */
export interface Receipt extends ServicePayload<'receipt'> {
  readonly jws: Jws;
}
/** The heads of the caller's trail and chain, signed by the service. */
export interface Checkpoint extends ServicePayload<'checkpoint'> {
  readonly jws: Jws;
}

/** Returns the pinned service key. If none is pinned, pins the key that the service names. @throws {ClientError} `unverified` (`service-key`) */
export const serviceKey = async (ctx: ServiceKeySource, options: CallOptions = {}): Promise<ServiceKey> => {
  const known = ctx.memory.serviceKey();
  if (known !== undefined) return known;
  const { key } = await ctx.call('get-service-key', {}, options);
  ctx.memory.noteServiceKey(key);
  return key;
};

/** Fetches the service's time, which a proxy key signed together with this nonce. @throws {ClientError} `unverified` (`time`) */
export const fetchTime = async (ctx: ServiceKeySource, nonce: string) => {
  const [key, signed] = [await serviceKey(ctx), await ctx.call('get-time', { query: { nonce } })];
  const by = await checked('time', () => verifyServiceStatement('proxy-key', signed.key, key));
  const said = await checked('time', () => verifyServiceStatement('time', signed.answer, by.key));
  check('time', said.nonce === nonce && said.when >= by.from && said.when <= by.until);
  return { when: said.when, signed };
};

/** Verifies the receipt of a record. @throws {ClientError} `unverified` (`receipt`) if it is missing, not signed by the service, or for another record */
export const verifyReceipt = async (
  ctx: ServiceKeySource,
  jws: Jws | undefined,
  { hash, payload: p }: { readonly hash: StatementHash; readonly payload: Statement<'record'>['payload'] },
): Promise<Receipt> => {
  check('receipt', jws !== undefined);
  const key = await serviceKey(ctx);
  const receipt = await checked('receipt', () => verifyServiceStatement('receipt', jws, key));
  check('receipt', receipt.statement === hash && receipt.author === p.author && receipt.patient === p.patient);
  check('receipt', receipt.record === p.record && receipt.version === p.version && receipt.grant === p.grant?.id);
  return { ...receipt, jws };
};

/** Fetches and verifies the current checkpoint of the caller. @throws {ClientError} `unverified` (`checkpoint`) */
export const fetchCheckpoint = async (
  ctx: ServiceKeySource & { readonly keys: Pick<DeviceKeys, 'id'> },
  options: CallOptions = {},
): Promise<Checkpoint> => {
  const [key, { checkpoint: jws }] = [await serviceKey(ctx, options), await ctx.call('get-checkpoint', {}, options)];
  const checkpoint = await checked('checkpoint', () => verifyServiceStatement('checkpoint', jws, key));
  check('checkpoint', checkpoint.patient === ctx.keys.id);
  return { ...checkpoint, jws };
};
