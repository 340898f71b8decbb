// BIP-327, "Nonce Aggregation"; protocol.md section 6, "Adaptors": T is folded into the first aggregate nonce, so that the nonce coefficient commits to it.
import { concat } from '../bytes/bytes.js';
import { fromHex } from '../bytes/hex.js';
import type { PublicKey } from '../bytes/ids.js';
import { type Point, Curve, keyOf, pointOf, publicKey } from '../crypto/publicKeys.js';

/** A signer's public nonce: two points. */
export interface PublicNonce {
  readonly first: Point;
  readonly second: Point;
}

export const publicNonceSize = 66;

/** Undefined when the bytes are no two points. */
export function parsePublicNonce(bytes: Uint8Array): PublicNonce | undefined {
  const [first, second] = [publicKey(bytes.subarray(0, 33)), publicKey(bytes.subarray(33))];
  return first === undefined || second === undefined ? undefined : { first: pointOf(first), second: pointOf(second) };
}

/** The sum of the signers' nonces; either point may be infinity. */
export class AggregateNonce {
  readonly first: Point;
  readonly second: Point;

  constructor(first: Point, second: Point) {
    this.first = first;
    this.second = second;
  }

  static aggregate(nonces: readonly PublicNonce[]): AggregateNonce {
    const sum = (points: readonly Point[]): Point => points.reduce((total, point) => total.add(point), Curve.ZERO);
    return new AggregateNonce(sum(nonces.map((nonce) => nonce.first)), sum(nonces.map((nonce) => nonce.second)));
  }

  withAdaptor(point: PublicKey): AggregateNonce {
    return new AggregateNonce(this.first.add(pointOf(point)), this.second);
  }

  /** 66 bytes; infinity is 33 zeros. */
  toBytes(): Uint8Array {
    return concat(...[this.first, this.second].map((point) => (point.is0() ? new Uint8Array(33) : fromHex(keyOf(point)))));
  }
}
