// SEC 1 section 2.3.4 (33-byte points), BIP-340 (x-only keys, Schnorr signatures).
import { schnorr, secp256k1 } from '@noble/curves/secp256k1.js';
import { fromHex, parseHex, toHex } from '../bytes/hex.js';

declare const kind: unique symbol;

/** A point of secp256k1, 33 bytes compressed, in lower-case hex. */
export type PublicKey = string & { readonly [kind]: 'PublicKey' };

/** An x-only key (BIP-340), 32 bytes in lower-case hex, of a point of the curve. */
export type XOnlyKey = string & { readonly [kind]: 'XOnlyKey' };

/** 64 bytes in lower-case hex: BIP-340, or ECDSA compact. Only its size is known until it verifies. */
export type Signature = string & { readonly [kind]: 'Signature' };

/** A point of the curve, not at infinity. */
export type Point = InstanceType<typeof secp256k1.Point>;

export const Curve = secp256k1.Point;

/** The curve's order. */
export const order = Curve.Fn.ORDER;

/** The point of 33 bytes; undefined when they are none. */
export function publicKey(bytes: Uint8Array): PublicKey | undefined {
  return bytes.length === 33 && tryPoint(bytes) !== undefined ? (toHex(bytes) as PublicKey) : undefined;
}

export function parsePublicKey(text: string): PublicKey | undefined {
  const bytes = parseHex(text, 33);
  return bytes === undefined ? undefined : publicKey(bytes);
}

/** The x-only key of 32 bytes; undefined when no point has that x coordinate. */
export function xOnlyKey(bytes: Uint8Array): XOnlyKey | undefined {
  return bytes.length === 32 && tryPoint(Uint8Array.from([2, ...bytes])) !== undefined ? (toHex(bytes) as XOnlyKey) : undefined;
}

export function parseXOnlyKey(text: string): XOnlyKey | undefined {
  const bytes = parseHex(text, 32);
  return bytes === undefined ? undefined : xOnlyKey(bytes);
}

export const parseSignature = (text: string): Signature | undefined => (parseHex(text, 64) === undefined ? undefined : (text as Signature));

export const signature = (bytes: Uint8Array): Signature => {
  if (bytes.length !== 64) {
    throw new RangeError(`A signature has 64 bytes, not ${bytes.length}.`);
  }
  return toHex(bytes) as Signature;
};

export const pointOf = (key: PublicKey): Point => Curve.fromHex(key);

export const liftX = (key: XOnlyKey): Point => Curve.fromHex(`02${key}`);

export const keyOf = (point: Point): PublicKey => toHex(point.toBytes(true)) as PublicKey;

export const toXOnly = (key: PublicKey): XOnlyKey => key.slice(2) as string as XOnlyKey;

/** BIP-340 over a 32-byte message. */
export const verifySchnorr = (key: XOnlyKey, message32: Uint8Array, made: Signature): boolean =>
  message32.length === 32 && schnorr.verify(fromHex(made), message32, fromHex(key));

/** ECDSA over a 32-byte hash, 64 bytes compact; a high s is refused. */
export const verifyEcdsa = (key: PublicKey, hash: Uint8Array, made: Signature): boolean => {
  try {
    return hash.length === 32 && secp256k1.verify(fromHex(made), hash, fromHex(key), { prehash: false, lowS: true });
  } catch {
    return false;
  }
};

/** The sum of points; undefined when they cancel each other. */
export function sumOf(keys: readonly PublicKey[]): PublicKey | undefined {
  const sum = keys.map(pointOf).reduce((total, point) => total.add(point), Curve.ZERO);
  return sum.is0() ? undefined : keyOf(sum);
}

/** A scalar below the order; undefined when it is not. Zero is one. */
export function scalar(bytes: Uint8Array): bigint | undefined {
  const value = BigInt(`0x${toHex(bytes)}`);
  return bytes.length === 32 && value < order ? value : undefined;
}

/** The number that bytes are, most significant first; no text is made of it, which could not be wiped. */
export function numberOf(bytes: Uint8Array): bigint {
  let value = 0n;
  for (const byte of bytes) {
    value = (value << 8n) | BigInt(byte);
  }
  return value;
}

/** 32 bytes of a scalar below the order. */
export function scalarBytes(value: bigint): Uint8Array {
  const bytes = new Uint8Array(32);
  for (let i = 31, rest = value; i >= 0; i--, rest >>= 8n) {
    bytes[i] = Number(rest & 0xffn);
  }
  return bytes;
}

function tryPoint(bytes: Uint8Array): Point | undefined {
  try {
    return Curve.fromBytes(bytes);
  } catch {
    return undefined;
  }
}
