// BIP-327: KeySort, KeyAgg and the tweaks of the aggregate. Only public points.
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
  readonly #coefficients: ReadonlyMap<PublicKey, bigint>;
  // gacc of the BIP, which is 1 or -1.
  readonly #isNegated: boolean;

  /** 33 bytes. */
  readonly aggregate: PublicKey;

  private constructor(point: Point, coefficients: ReadonlyMap<PublicKey, bigint>, isNegated: boolean) {
    this.#point = point;
    this.#coefficients = coefficients;
    this.#isNegated = isNegated;
    this.aggregate = keyOf(point);
  }

  /** What a signer's secret is multiplied with, g·gacc·a of the BIP; undefined for a key that is not among the aggregated ones. */
  factorOf(key: PublicKey): bigint | undefined {
    const coefficient = this.#coefficients.get(key);
    return coefficient === undefined || this.#hasEvenY !== this.#isNegated ? coefficient : order - coefficient;
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
    const coefficients = new Map(keys.map((key) => [key, key === second ? 1n : coefficientOf(key, list)]));
    const sum = keys.map((key) => weighted(key, coefficients.get(key) ?? 0n)).reduce((total, point) => total.add(point), Curve.ZERO);
    return KeyAggregation.#of(sum, coefficients, false);
  }

  withPlainTweak(tweak: Uint8Array): KeyAggregation {
    return this.#add(false, tweak);
  }

  withXOnlyTweak(tweak: Uint8Array): KeyAggregation {
    return this.#add(!this.#hasEvenY, tweak);
  }

  get #hasEvenY(): boolean {
    return this.aggregate.startsWith('02');
  }

  #add(negates: boolean, tweak: Uint8Array): KeyAggregation {
    const value = scalar(tweak);
    if (value === undefined) {
      throw new TweakError('A tweak is not below the order of the curve.');
    }
    const point = negates ? this.#point.negate() : this.#point;
    return KeyAggregation.#of(value === 0n ? point : point.add(Curve.BASE.multiplyUnsafe(value)), this.#coefficients, this.#isNegated !== negates);
  }

  static #of(point: Point, coefficients: ReadonlyMap<PublicKey, bigint>, isNegated: boolean): KeyAggregation {
    if (point.is0()) {
      throw new TweakError('The keys and tweaks cancel each other.');
    }
    return new KeyAggregation(point, coefficients, isNegated);
  }
}

function weighted(key: PublicKey, coefficient: bigint): Point {
  return coefficient === 1n ? pointOf(key) : pointOf(key).multiplyUnsafe(coefficient);
}

const coefficientOf = (key: PublicKey, list: Uint8Array): bigint => BigInt(`0x${toHex(taggedHash('KeyAgg coefficient', concat(list, fromHex(key))))}`) % order;
