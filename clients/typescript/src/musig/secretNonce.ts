// BIP-327, "Nonce Generation". The signer's key, the aggregate key, the message and the extra input go into the nonce besides the fresh randomness that alone protects.
import { concat, utf8 } from '../bytes/bytes.js';
import { fromHex } from '../bytes/hex.js';
import type { PublicKey } from '../bytes/ids.js';
import { taggedHash } from '../crypto/hashes.js';
import type { KeyAggregation } from '../crypto/keyAggregation.js';
import { Curve, keyOf, numberOf, order, scalarBytes } from '../crypto/publicKeys.js';
import { randomBytes } from '../crypto/random.js';
import type { SecretKey } from '../crypto/secretKey.js';
import { type Wipeable, wipeBytes, wiping } from '../crypto/secrets.js';
import { KeyMeldError } from '../errors/keyMeldError.js';

/** What goes into a nonce besides randomness. */
export interface NonceInputs {
  readonly key: Uint8Array;
  readonly secret?: Uint8Array | undefined;
  readonly aggregate?: Uint8Array | undefined;
  readonly message?: Uint8Array | undefined;
  readonly extra?: Uint8Array | undefined;
}

/**
 * A signer's secret nonce: good for one signature, with the key, for the message and the aggregate key it was made for. It cannot be exported, copied or stored, and is in
 * memory only. Using it up, a failed use and {@link wipe} all wipe it.
 */
export class SecretNonce implements Wipeable {
  readonly signer: PublicKey;
  /** Of the keys it signs for. */
  readonly aggregate: PublicKey;
  /** 66 bytes, for the other signers. */
  readonly publicNonce: Uint8Array;
  readonly message: Uint8Array;
  #scalars: Uint8Array | undefined;

  private constructor(scalars: Uint8Array, signer: PublicKey, aggregate: PublicKey, message: Uint8Array) {
    this.#scalars = scalars;
    this.signer = signer;
    this.aggregate = aggregate;
    this.message = message;
    this.publicNonce = publicNonceOf(scalars);
  }

  /** @param extra 32 bytes that tell this use apart from all others: a hash of request, attempt, item and everything else that was agreed. */
  static generate(key: SecretKey, keys: KeyAggregation, message: Uint8Array, extra: Uint8Array): SecretNonce {
    if (keys.factorOf(key.publicKey) === undefined) {
      throw new RangeError("The signer's key is not among the aggregated keys.");
    }
    const scalars = wiping(randomBytes(32), (random) => wiping(key.export(), (secret) =>
      nonceScalars(random, { key: fromHex(key.publicKey), secret, aggregate: fromHex(keys.outputKey), message, extra })));
    return new SecretNonce(scalars, key.publicKey, keys.aggregate, message.slice());
  }

  /** For the known nonces of published vectors; there is no other way to bring one in. */
  static adopt(scalars: Uint8Array, signer: PublicKey, keys: KeyAggregation, message: Uint8Array): SecretNonce {
    return new SecretNonce(scalars.slice(), signer, keys.aggregate, message.slice());
  }

  /** Takes the nonce out and hands it over: the first caller gets it, all others are refused. It is wiped afterwards whatever happens. */
  spend<T>(use: (first: bigint, second: bigint) => T): T {
    const scalars = this.#scalars;
    this.#scalars = undefined;
    if (scalars === undefined) {
      throw new KeyMeldError('nonce_already_used', 'The nonce was used or wiped.');
    }
    return wiping(scalars, (bytes) => use(numberOf(bytes.subarray(0, 32)), numberOf(bytes.subarray(32))));
  }

  wipe(): void {
    if (this.#scalars !== undefined) {
      wipeBytes(this.#scalars);
      this.#scalars = undefined;
    }
  }

  /** Never the secret. */
  toString(): string {
    return 'SecretNonce';
  }

  toJSON(): string {
    return 'SecretNonce';
  }
}

/** k1 ‖ k2; the caller wipes them. For {@link SecretNonce} and the BIP's vectors: everybody else's randomness is fresh. */
export function nonceScalars(random: Uint8Array, inputs: NonceInputs): Uint8Array {
  const { key, secret, aggregate, message, extra } = inputs;
  const masked = secret === undefined ? random.slice() : wiping(taggedHash('MuSig/aux', random), (mask) => secret.map((byte, i) => byte ^ (mask[i] ?? 0)));
  return wiping(masked, (seed) => {
    const scalars = new Uint8Array(64);
    const context = concat(
      lengthOf(key, 1), key, lengthOf(aggregate, 1), aggregate ?? none, message === undefined ? Uint8Array.of(0) : concat(Uint8Array.of(1), lengthOf(message, 8), message), lengthOf(extra, 4), extra ?? none);
    for (const index of [0, 1]) {
      const value = wiping(taggedHash('MuSig/nonce', seed, context, Uint8Array.of(index)), numberOf) % order;
      if (value === 0n) {
        throw new RangeError('The nonce is zero.');
      }
      wiping(scalarBytes(value), (bytes) => scalars.set(bytes, 32 * index));
    }
    return scalars;
  });
}

/** 66 bytes. */
export const publicNonceOf = (scalars: Uint8Array): Uint8Array =>
  concat(...[scalars.subarray(0, 32), scalars.subarray(32)].map((bytes) => fromHex(keyOf(Curve.BASE.multiply(numberOf(bytes))))));

const none = utf8('');

function lengthOf(bytes: Uint8Array | undefined, size: number): Uint8Array {
  const length = new DataView(new ArrayBuffer(8));
  length.setBigUint64(0, BigInt(bytes?.length ?? 0));
  return new Uint8Array(length.buffer).slice(8 - size);
}
