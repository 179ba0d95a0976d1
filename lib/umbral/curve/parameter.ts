// U, the second of the points that never change.
import { fromHex, utf8 } from '../../bytes/codec.ts';

/** RFC 9380, secp256k1_XMD:SHA-256_SSWU_RO_ with the tag "PARAMETERS" and the message "POINT_U". Nobody knows its logarithm. */
export const PARAMETER_U: Uint8Array = fromHex('03079390d0fbe220fc34aab8ecbf49098098036820fadb98c03143e55db8ec73cd');
export const PARAMETER_U_SOURCE = { dst: utf8('PARAMETERS'), message: utf8('POINT_U') } as const;
