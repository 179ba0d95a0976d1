// Looks up Node's crypto module at run time. Browsers run this code too, and bundlers follow imports, so the module is not imported.

/** The part of `globalThis` where Node has its modules. Other platforms lack it. */
export interface NodeGlobals {
  readonly process?: { readonly getBuiltinModule?: (id: string) => unknown };
}

/**
 * Returns Node's crypto module. Returns undefined on another platform.
 * @template Crypto the functions of the module that the caller uses. The caller tests them before it relies on them, because other platforms imitate Node
 */
export const nodeCrypto = <Crypto>(globals: NodeGlobals): Crypto | undefined =>
  globals.process?.getBuiltinModule?.('crypto') as Crypto | undefined;
