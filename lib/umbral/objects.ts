// Classes of the scheme's objects: capsules, key fragments, capsule fragments. Only the files of lib/umbral construct them.
// A class whose name begins with Verified is only for an object that this process made or verified (exception: trustStoredKFrag).
import type { Point } from './curve/backend.ts';
import type { Scalar } from './curve/scalar.ts';

/** A capsule: points E and V, and a scalar s, with [s]G = V + [h]E. Here h is a hash of E and V, and V is not -E (docs/spec/umbral.md). */
export class Capsule {
  readonly e: Point;
  readonly v: Point;
  readonly s: Scalar;
  constructor(e: Point, v: Point, s: Scalar) {
    this.e = e;
    this.v = v;
    this.s = s;
  }
}

export interface KeyFragFields {
  readonly id: Uint8Array;
  /** X */
  readonly precursor: Point;
  /** U1 */
  readonly commitment: Point;
  readonly proxySignature: Uint8Array;
  readonly receiverSignature: Uint8Array;
  /** Whether proxySignature covers the delegating key. */
  readonly signsDelegating: boolean;
  /** Whether proxySignature covers the receiving key. */
  readonly signsReceiving: boolean;
}

/** A key fragment that was decoded but not verified. Its secret scalar rk is a private member, so neither the inspector nor JSON shows it. */
export class KeyFrag {
  readonly fields: KeyFragFields;
  readonly #key: Scalar;
  constructor(fields: KeyFragFields, key: Scalar) {
    this.fields = fields;
    this.#key = key;
  }
  static keyOf(kfrag: KeyFrag): Scalar {
    return kfrag.#key;
  }
}

/** A key fragment that this process made, or whose scalar rk and signature it verified. */
export class VerifiedKeyFrag extends KeyFrag {
  readonly verified = true;
}

export interface CapsuleFragFields {
  readonly e1: Point;
  readonly v1: Point;
  readonly id: Uint8Array;
  /** X */
  readonly precursor: Point;
  readonly e2: Point;
  readonly v2: Point;
  /** U1 */
  readonly commitment: Point;
  readonly u2: Point;
  readonly z: Scalar;
  readonly receiverSignature: Uint8Array;
}

/** A capsule fragment that was decoded but not verified. */
export class CapsuleFrag {
  readonly fields: CapsuleFragFields;
  constructor(fields: CapsuleFragFields) {
    this.fields = fields;
  }
}

/** A capsule fragment that this process made, or whose signature and proof it checked. */
export class VerifiedCapsuleFrag extends CapsuleFrag {
  readonly verified = true;
}
