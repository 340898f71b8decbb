import { schnorr, secp256k1 } from '@noble/curves/secp256k1.js';
import { fromHex, toHex } from '../bytes/hex.js';
import { randomBytes } from './random.js';
import { type PublicKey, type Signature, type XOnlyKey, keyOf, numberOf, order, pointOf, scalarBytes, signature, toXOnly } from './publicKeys.js';
import { type Wipeable, wipeBytes, wiping } from './secrets.js';

/** A secret key of secp256k1: 32 bytes in memory of its own, wiped by {@link wipe}. Never a string. */
export class SecretKey implements Wipeable {
  static readonly size = 32;
  readonly #bytes: Uint8Array;
  #wiped = false;

  /** The point, 33 bytes in hex. */
  readonly publicKey: PublicKey;

  private constructor(bytes: Uint8Array) {
    this.#bytes = bytes;
    this.publicKey = toHex(secp256k1.getPublicKey(bytes, true)) as PublicKey;
  }

  static generate(): SecretKey {
    for (;;) {
      const bytes = randomBytes(SecretKey.size);
      const key = SecretKey.tryImport(bytes);
      wipeBytes(bytes);
      if (key !== undefined) {
        return key;
      }
    }
  }

  /** Copies 32 bytes; undefined when they are zero or not below the order. The caller wipes its own. */
  static tryImport(bytes: Uint8Array): SecretKey | undefined {
    if (!secp256k1.utils.isValidSecretKey(bytes)) {
      return undefined;
    }
    return new SecretKey(Uint8Array.from(bytes));
  }

  /** The secret of the sum of these keys' points, for example of an adaptor of several points; undefined when they cancel each other. */
  static sum(keys: readonly SecretKey[]): SecretKey | undefined {
    const total = keys.reduce((sum, key) => (sum + key.useScalar((value) => value)) % order, 0n);
    return wiping(scalarBytes(total), (bytes) => SecretKey.tryImport(bytes));
  }

  get xOnlyKey(): XOnlyKey {
    return toXOnly(this.publicKey);
  }

  /** BIP-340 over a 32-byte digest, verified before it is given away. */
  signSchnorr(digest: Uint8Array, aux: Uint8Array = randomBytes(32)): Signature {
    if (digest.length !== 32) {
      throw new RangeError('What is signed is a digest of 32 bytes.');
    }
    return signature(schnorr.sign(digest, this.#secret(), aux));
  }

  /** The x coordinate of the Diffie-Hellman point, 32 bytes; the caller wipes it. */
  sharedX(other: PublicKey): Uint8Array {
    return wiping(secp256k1.getSharedSecret(this.#secret(), fromHex(other), true), (point) => point.slice(1));
  }

  /** A copy of the secret; the caller wipes it. */
  export(): Uint8Array {
    return Uint8Array.from(this.#secret());
  }

  /** @internal The secret as the curve code takes it. */
  useScalar<T>(use: (value: bigint) => T): T {
    return use(numberOf(this.#secret()));
  }

  wipe(): void {
    wipeBytes(this.#bytes);
    this.#wiped = true;
  }

  /** Never the secret. */
  toString(): string {
    return 'SecretKey';
  }

  toJSON(): string {
    return 'SecretKey';
  }

  #secret(): Uint8Array {
    if (this.#wiped) {
      throw new Error('The secret key was wiped.');
    }
    return this.#bytes;
  }
}

/** 65 bytes, uncompressed, as HPKE wants them. */
export const uncompressed = (key: PublicKey): Uint8Array => pointOf(key).toBytes(false);

/** The key of 65 uncompressed bytes; undefined when they are none. */
export function parseUncompressed(bytes: Uint8Array): PublicKey | undefined {
  if (bytes.length !== 65 || bytes[0] !== 4) {
    return undefined;
  }
  try {
    return keyOf(secp256k1.Point.fromBytes(bytes));
  } catch {
    return undefined;
  }
}
