import { type PublicKey, type Signature, type XOnlyKey } from '../crypto/publicKeys.js';
import { randomBytes } from '../crypto/random.js';
import { parseHex, toHex } from './hex.js';

declare const kind: unique symbol;

/** 32 bytes in lower-case hex: a SHA-256 or tagged hash. Equal values are equal texts. */
export type Hash32 = string & { readonly [kind]: 'Hash32' };

/** 16 bytes in lower-case hex: a user, subset, item, signing or boot. */
export type Id16 = string & { readonly [kind]: 'Id16' };

/** A hash of 32 bytes. */
export function hash32(bytes: Uint8Array): Hash32 {
  if (bytes.length !== 32) {
    throw new RangeError(`A hash has 32 bytes, not ${bytes.length}.`);
  }
  return toHex(bytes) as Hash32;
}

/** An id of 16 bytes. */
export function id16(bytes: Uint8Array): Id16 {
  if (bytes.length !== 16) {
    throw new RangeError(`An id has 16 bytes, not ${bytes.length}.`);
  }
  return toHex(bytes) as Id16;
}

export const parseHash32 = (text: string): Hash32 | undefined => (parseHex(text, 32) === undefined ? undefined : (text as Hash32));

export const parseId16 = (text: string): Id16 | undefined => (parseHex(text, 16) === undefined ? undefined : (text as Id16));

export const randomId = (): Id16 => id16(randomBytes(16));

export type { PublicKey, Signature, XOnlyKey };
