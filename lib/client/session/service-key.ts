// What the service signs, checked with a key that the client knows: the one it was configured with, else the first it saw.
import type { DeviceKeys } from '../../identity/key-derivation.ts';
import type { Jws, Statement, StatementHash } from '../../statements/kinds.ts';
import { verifyServiceStatement, type ServiceKey, type ServicePayload } from '../../statements/service-statements.ts';
import { check, checked } from './errors.ts';
import type { Memory } from './memory.ts';
import type { CallOptions, CallRoute } from './transport.ts';

/** Who asks, and the service's key as far as it is known. */
interface ServiceKeySource {
  readonly call: CallRoute;
  readonly memory: Memory;
}

/** That a record was stored, and which event of the patient's trail tells of it. */
export interface Receipt extends ServicePayload<'receipt'> {
  readonly jws: Jws;
}
/** The end of the own trail, as the service signed it. */
export interface Checkpoint extends ServicePayload<'checkpoint'> {
  readonly jws: Jws;
}

/** The pinned key. Without one, the key that the service names is pinned now. @throws {ClientError} `unverified` (`service-key`) */
export const serviceKey = async (ctx: ServiceKeySource, options: CallOptions = {}): Promise<ServiceKey> => {
  const known = ctx.memory.serviceKey();
  if (known !== undefined) return known;
  const { key } = await ctx.call('get-service-key', {}, options);
  ctx.memory.noteServiceKey(key);
  return key;
};

/** The service's time now, signed with this nonce by one of its running copies. @throws {ClientError} `unverified` (`time`) */
export const fetchTime = async (ctx: ServiceKeySource, nonce: string) => {
  const [key, signed] = [await serviceKey(ctx), await ctx.call('get-time', { query: { nonce } })];
  const by = await checked('time', () => verifyServiceStatement('proxy-key', signed.key, key));
  const said = await checked('time', () => verifyServiceStatement('time', signed.answer, by.key));
  check('time', said.nonce === nonce && said.when >= by.from && said.when <= by.until);
  return { when: said.when, signed };
};

/** @throws {ClientError} `unverified` (`receipt`): none, not by the service, or of another record */
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

/** The end of the own trail now. @throws {ClientError} `unverified` (`checkpoint`) */
export const fetchCheckpoint = async (
  ctx: ServiceKeySource & { readonly keys: Pick<DeviceKeys, 'id'> },
  options: CallOptions = {},
): Promise<Checkpoint> => {
  const [key, { checkpoint: jws }] = [await serviceKey(ctx, options), await ctx.call('get-checkpoint', {}, options)];
  const checkpoint = await checked('checkpoint', () => verifyServiceStatement('checkpoint', jws, key));
  check('checkpoint', checkpoint.patient === ctx.keys.id);
  return { ...checkpoint, jws };
};
