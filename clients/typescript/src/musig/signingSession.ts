// BIP-327, "Signing" and "Partial Signature Verification".
import { equalBytes } from '../bytes/bytes.js';
import { fromHex } from '../bytes/hex.js';
import type { PublicKey } from '../bytes/ids.js';
import { taggedHash } from '../crypto/hashes.js';
import type { KeyAggregation } from '../crypto/keyAggregation.js';
import { type Point, Curve, keyOf, numberOf, order, pointOf, scalar, scalarBytes, toXOnly } from '../crypto/publicKeys.js';
import type { SecretKey } from '../crypto/secretKey.js';
import { KeyMeldError } from '../errors/keyMeldError.js';
import { type AggregateNonce, type PublicNonce, parsePublicNonce } from './aggregateNonce.js';
import type { SecretNonce } from './secretNonce.js';

/** One message, one aggregate nonce, one aggregate key. Nothing in it is secret but the message. */
export class SigningSession {
  readonly #keys: KeyAggregation;
  readonly #message: Uint8Array;
  readonly #coefficient: bigint;
  readonly #challenge: bigint;
  readonly #isNonceNegated: boolean;

  constructor(nonce: AggregateNonce, message: Uint8Array, keys: KeyAggregation) {
    this.#keys = keys;
    this.#message = message;
    const key = fromHex(keys.outputKey);
    this.#coefficient = numberOf(taggedHash('MuSig/noncecoef', nonce.toBytes(), key, message)) % order;
    const sum = nonce.first.add(times(nonce.second, this.#coefficient));
    const final = keyOf(sum.is0() ? Curve.BASE : sum);
    this.#isNonceNegated = !final.startsWith('02');
    this.#challenge = numberOf(taggedHash('BIP0340/challenge', fromHex(toXOnly(final)), key, message)) % order;
  }

  /** The partial signature, 32 bytes, verified before it is given away. The nonce is spent, whatever happens. */
  sign(nonce: SecretNonce, secret: SecretKey): Uint8Array {
    const factor = this.#keys.factorOf(secret.publicKey);
    const fits = nonce.signer === secret.publicKey && nonce.aggregate === this.#keys.aggregate && equalBytes(nonce.message, this.#message);
    const partial = nonce.spend((first, second) => {
      if (factor === undefined || !fits) {
        throw new RangeError('The nonce was made for another key, message or aggregate key.');
      }
      const own = first + this.#coefficient * second;
      return secret.useScalar((value) => scalarBytes(modulo((this.#isNonceNegated ? -own : own) + this.#challenge * factor % order * value)));
    });
    const own = parsePublicNonce(nonce.publicNonce);
    if (own === undefined || !this.verifies(partial, own, secret.publicKey)) {
      throw new KeyMeldError('partial_invalid', 'The partial signature that was made here does not verify; it is not given away.');
    }
    return partial;
  }

  verifies(partial: Uint8Array, nonce: PublicNonce, signer: PublicKey): boolean {
    const [value, factor] = [scalar(partial), this.#keys.factorOf(signer)];
    if (value === undefined || factor === undefined) {
      return false;
    }
    const own = nonce.first.add(times(nonce.second, this.#coefficient));
    return times(Curve.BASE, value).equals((this.#isNonceNegated ? own.negate() : own).add(times(pointOf(signer), (this.#challenge * factor) % order)));
  }
}

// Of public values only.
const times = (point: Point, by: bigint): Point => (by === 0n || point.is0() ? Curve.ZERO : point.multiplyUnsafe(by));

const modulo = (value: bigint): bigint => ((value % order) + order) % order;
