// The proxy of a grant and its threshold. Today there is one proxy, the service itself, and it re-encrypts alone: other files take its name and the counts from here.

/** The service's name as a proxy. */
export const SERVICE_PROXY = 'service';
/** How many proxies must re-encrypt. */
export const THRESHOLD = 1;
/** How many proxies have a key fragment of each cell. */
export const SHARES = 1;

/** The service's part of a list with one member for each proxy; undefined where nothing is delegated. */
export const ofService = <T extends { readonly proxy: string }>(list: readonly T[]): T | undefined =>
  list.find(({ proxy }) => proxy === SERVICE_PROXY);
