// BIP-327: KeySort, KeyAgg and the tweaks of the aggregate. Only public points: nobody signs here.
import { compareBytes, concat } from '../bytes/bytes.js';
import { fromHex, toHex } from '../bytes/hex.js';
import { type Point, type PublicKey, type XOnlyKey, Curve, keyOf, order, pointOf, scalar, toXOnly } from './publicKeys.js';
import { taggedHash } from './hashes.js';

/** Tweaks that lead to no key. */
export class TweakError extends Error {
  override readonly name = 'TweakError';
}

/** An aggregate key, tweaked or not. */
export class KeyAggregation {
  readonly #point: Point;

  /** 33 bytes. */
  readonly aggregate: PublicKey;

  private constructor(point: Point) {
    this.#point = point;
    this.aggregate = keyOf(point);
  }

  /** What signatures verify under. */
  get outputKey(): XOnlyKey {
    return toXOnly(this.aggregate);
  }

  /** Bytewise order of the 33-byte keys. */
  static sort(keys: readonly PublicKey[]): PublicKey[] {
    return [...keys].sort((a, b) => compareBytes(fromHex(a), fromHex(b)));
  }

  /** KeyAgg over keys in the given order; the protocol sorts them first. */
  static aggregate(keys: readonly PublicKey[]): KeyAggregation {
    const second = keys.find((key) => key !== keys[0]);
    const list = taggedHash('KeyAgg list', ...keys.map(fromHex));
    const sum = keys.map((key) => weighted(key, list, key === second)).reduce((total, point) => total.add(point), Curve.ZERO);
    return KeyAggregation.#of(sum);
  }

  withPlainTweak(tweak: Uint8Array): KeyAggregation {
    return this.#add(this.#point, tweak);
  }

  withXOnlyTweak(tweak: Uint8Array): KeyAggregation {
    return this.#add(this.aggregate.startsWith('02') ? this.#point : this.#point.negate(), tweak);
  }

  #add(point: Point, tweak: Uint8Array): KeyAggregation {
    const value = scalar(tweak);
    if (value === undefined) {
      throw new TweakError('A tweak is not below the order of the curve.');
    }
    return KeyAggregation.#of(value === 0n ? point : point.add(Curve.BASE.multiplyUnsafe(value)));
  }

  static #of(point: Point): KeyAggregation {
    if (point.is0()) {
      throw new TweakError('The keys and tweaks cancel each other.');
    }
    return new KeyAggregation(point);
  }
}

function weighted(key: PublicKey, list: Uint8Array, isSecond: boolean): Point {
  const point = pointOf(key);
  if (isSecond) {
    return point;
  }
  const coefficient = BigInt(`0x${toHex(taggedHash('KeyAgg coefficient', concat(list, fromHex(key))))}`) % order;
  return point.multiplyUnsafe(coefficient);
}
