// The objects of the scheme as values. They are made by the files of this folder only, after the checks that their names promise.
import type { Point } from './curve/backend.ts';
import type { Scalar } from './curve/scalar.ts';

/** E, V, s with [s]G = V + [h]E and V other than -E. */
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

/** Well-formed, nothing more. The share rk is kept where neither the inspector nor JSON shows it. */
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

/** A fragment whose share and signature were checked in this process, or which this process made. */
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

/** Well-formed, nothing more. */
export class CapsuleFrag {
  readonly fields: CapsuleFragFields;
  constructor(fields: CapsuleFragFields) {
    this.fields = fields;
  }
}

/** A fragment whose signature and proof were checked in this process, or which this process made. */
export class VerifiedCapsuleFrag extends CapsuleFrag {
  readonly verified = true;
}
