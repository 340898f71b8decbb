// protocol.md section 10: every AES-GCM wire but HPKE's = 0x01 ‖ nonce(12) ‖ ciphertext ‖ tag(16).
import { gcm } from '@noble/ciphers/aes.js';
import { concat } from '../bytes/bytes.js';
import { randomBytes } from './random.js';

export const wireOverhead = 1 + 12 + 16;
const version = Uint8Array.of(1);

export function encryptWire(key: Uint8Array, aad: Uint8Array, plaintext: Uint8Array, nonce: Uint8Array = randomBytes(12)): Uint8Array {
  return concat(version, nonce, gcm(key, nonce, aad).encrypt(plaintext));
}

/** The plaintext; undefined when the wire is of another form or its tag is not that of key and aad. */
export function decryptWire(key: Uint8Array, aad: Uint8Array, wire: Uint8Array): Uint8Array | undefined {
  return wire.length >= wireOverhead && wire[0] === 1 ? openGcm(key, wire.subarray(1, 13), aad, wire.subarray(13)) : undefined;
}

/** AES-256-GCM; undefined when the tag does not fit. */
export function openGcm(key: Uint8Array, nonce: Uint8Array, aad: Uint8Array, sealed: Uint8Array): Uint8Array | undefined {
  try {
    return gcm(key, nonce, aad).decrypt(sealed);
  } catch {
    return undefined;
  }
}
