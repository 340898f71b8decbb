// RFC 9180, base mode, single message: DHKEM(secp256k1, HKDF-SHA256) = 0x0016, HKDF-SHA256 = 0x0001, AES-256-GCM = 0x0002.
// protocol.md section 10: HPKE wire = 0x01 ‖ enc(65, uncompressed) ‖ ciphertext ‖ tag; info = "KeyMeld/v1/<purpose>".
import { gcm } from '@noble/ciphers/aes.js';
import { expand, extract } from '@noble/hashes/hkdf.js';
import { sha256 } from '@noble/hashes/sha2.js';
import { concat, utf8 } from '../bytes/bytes.js';
import { openGcm } from './aesGcmWire.js';
import type { PublicKey } from './publicKeys.js';
import { SecretKey, parseUncompressed, uncompressed } from './secretKey.js';
import { wipeBytes, wiping } from './secrets.js';

const encSize = 65;
const tagSize = 16;

/** What HPKE adds to a plaintext. */
export const hpkeOverhead = 1 + encSize + tagSize;

const longestPlaintext = 1024;
const none = new Uint8Array(0);
const kemSuite = concat(utf8('KEM'), Uint8Array.of(0x00, 0x16));
const hpkeSuite = concat(utf8('HPKE'), Uint8Array.of(0x00, 0x16, 0x00, 0x01, 0x00, 0x02));

/** Seals to a public key under a purpose. `ephemeral` is for vectors only: everybody else draws one. */
export function seal(recipient: PublicKey, purpose: string, aad: Uint8Array, plaintext: Uint8Array, ephemeral: SecretKey = SecretKey.generate()): Uint8Array {
  if (plaintext.length > longestPlaintext) {
    throw new RangeError(`What is sealed has at most ${longestPlaintext} bytes.`);
  }
  return wiping(ephemeral, (own) => {
    const enc = uncompressed(own.publicKey);
    const shared = wiping(own.sharedX(recipient), (x) => sharedSecret(x, enc, recipient));
    const sealed = withKey(shared, purpose, (key, nonce) => gcm(key, nonce, aad).encrypt(plaintext));
    return concat(Uint8Array.of(1), enc, sealed);
  });
}

/** Opens what was sealed to this key under this purpose and aad; undefined when it was not. The caller wipes the plaintext. */
export function open(recipient: SecretKey, purpose: string, aad: Uint8Array, wire: Uint8Array): Uint8Array | undefined {
  const length = wire.length - hpkeOverhead;
  const enc = wire.subarray(1, 1 + encSize);
  const ephemeral = parseUncompressed(enc);
  if (length <= 0 || length > longestPlaintext || wire[0] !== 1 || ephemeral === undefined) {
    return undefined;
  }
  const shared = wiping(recipient.sharedX(ephemeral), (x) => sharedSecret(x, enc, recipient.publicKey));
  return withKey(shared, purpose, (key, nonce) => openGcm(key, nonce, aad, wire.subarray(1 + encSize)));
}

function sharedSecret(x: Uint8Array, enc: Uint8Array, recipient: PublicKey): Uint8Array {
  return wiping(labelledExtract(kemSuite, none, 'eae_prk', x), (prk) =>
    labelledExpand(kemSuite, prk, 'shared_secret', concat(enc, uncompressed(recipient)), 32));
}

function withKey<T>(shared: Uint8Array, purpose: string, use: (key: Uint8Array, nonce: Uint8Array) => T): T {
  const context = concat(
    Uint8Array.of(0),
    labelledExtract(hpkeSuite, none, 'psk_id_hash', none),
    labelledExtract(hpkeSuite, none, 'info_hash', utf8(`KeyMeld/v1/${purpose}`)),
  );
  const secret = wiping(shared, (value) => labelledExtract(hpkeSuite, value, 'secret', none));
  const nonce = labelledExpand(hpkeSuite, secret, 'base_nonce', context, 12);
  const key = labelledExpand(hpkeSuite, secret, 'key', context, 32);
  wipeBytes(secret);
  return wiping(key, (value) => use(value, nonce));
}

function labelledExtract(suite: Uint8Array, salt: Uint8Array, label: string, material: Uint8Array): Uint8Array {
  return wiping(concat(utf8('HPKE-v1'), suite, utf8(label), material), (labelled) => extract(sha256, labelled, salt));
}

function labelledExpand(suite: Uint8Array, key: Uint8Array, label: string, info: Uint8Array, size: number): Uint8Array {
  return expand(sha256, key, concat(Uint8Array.of(size >> 8, size & 0xff), utf8('HPKE-v1'), suite, utf8(label), info), size);
}
