// protocol.md section 10: HKDF(x, label) = HKDF-SHA256(ikm x, salt empty, info = ASCII label, 32 bytes). RFC 5869.
import { hkdf } from '@noble/hashes/hkdf.js';
import { sha256 } from '@noble/hashes/sha2.js';
import { utf8 } from '../bytes/bytes.js';

/** A key of 32 bytes; the caller wipes it. */
export const deriveKey = (secret: Uint8Array, salt: Uint8Array, info: Uint8Array): Uint8Array => hkdf(sha256, secret, salt, info, 32);

export const deriveLabelled = (secret: Uint8Array, label: string): Uint8Array => deriveKey(secret, new Uint8Array(0), utf8(label));
