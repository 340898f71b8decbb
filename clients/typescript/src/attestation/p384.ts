// RFC 5480 section 2: SubjectPublicKeyInfo of an uncompressed point on secp384r1 has one DER form. FIPS 186-5: ECDSA with SHA-384.
import { p384 } from '@noble/curves/nist.js';
import { equalBytes } from '../bytes/bytes.js';

/** An uncompressed point, 97 bytes, that is on the curve. */
export type P384Key = Uint8Array & { readonly p384: true };

const head = Uint8Array.of(0x30, 0x76, 0x30, 0x10, 0x06, 0x07, 0x2a, 0x86, 0x48, 0xce, 0x3d, 0x02, 0x01, 0x06, 0x05, 0x2b, 0x81, 0x04, 0x00, 0x22, 0x03, 0x62, 0x00);
const size = 120;

/** The key of a SubjectPublicKeyInfo of exactly this form; undefined for any other curve, form or no point. */
export function parseSpki(spki: Uint8Array): P384Key | undefined {
  if (spki.length !== size || !equalBytes(spki.subarray(0, head.length), head) || spki[head.length] !== 4) {
    return undefined;
  }
  const point = spki.slice(head.length);
  return p384.utils.isValidPublicKey(point, false) ? (point as P384Key) : undefined;
}

/** A signature of 96 bytes, r ‖ s. */
export const verifyEs384 = (key: P384Key, message: Uint8Array, signature: Uint8Array): boolean => verify(key, message, signature, 'compact');

/** A signature in DER, as certificates and release manifests have it. */
export const verifyDer = (key: P384Key, message: Uint8Array, signature: Uint8Array): boolean => verify(key, message, signature, 'der');

function verify(key: P384Key, message: Uint8Array, signature: Uint8Array, format: 'compact' | 'der'): boolean {
  try {
    return p384.verify(signature, message, key, { prehash: true, lowS: false, format });
  } catch {
    return false;
  }
}
