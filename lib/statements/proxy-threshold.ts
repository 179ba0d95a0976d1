// Defines the proxies of a grant and its threshold. Today there is one proxy, the service itself, and it re-encrypts alone. Other files take the proxy's name
// and the counts from here.

/** The service's name as a proxy. */
export const SERVICE_PROXY = 'service';
/** How many proxies must re-encrypt. */
export const THRESHOLD = 1;
/** How many proxies have a key fragment of each cell. */
export const SHARES = 1;

/** Returns the member for the service in a list with one member for each proxy; undefined if the list is empty because nothing is delegated. */
export const ofService = <T extends { readonly proxy: string }>(list: readonly T[]): T | undefined =>
  list.find(({ proxy }) => proxy === SERVICE_PROXY);
