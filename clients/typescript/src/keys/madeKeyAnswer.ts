// protocol.md section 10, "Answers": made-key = CBOR {key, ?pop, ?sealed}, AES-GCM under HKDF(response secret, "KeyMeld/v1/made-key").
import type { PublicKey, Signature } from '../bytes/ids.js';
import { StrictCborReader } from '../cbor/reader.js';
import { decryptWire } from '../crypto/aesGcmWire.js';
import { deriveLabelled } from '../crypto/derivation.js';
import { wiping } from '../crypto/secrets.js';
import { KeyMeldError } from '../errors/keyMeldError.js';
import { aad, purposes } from '../groups/aad.js';
import { limits } from '../limits.js';

export interface MadeKeyAnswer {
  readonly key: PublicKey;
  readonly proof: Signature | undefined;
  /** Made member keys: the self-sealed wire; made single keys: its SHA-256. */
  readonly sealed: Uint8Array | undefined;
}

/** Opens an enclave's answer about a key, which only that enclave could encrypt under the response secret. */
export function openMadeKey(response: Uint8Array, binding: Uint8Array, wire: Uint8Array): MadeKeyAnswer {
  const plaintext = wiping(deriveLabelled(response, 'KeyMeld/v1/made-key'), (key) => decryptWire(key, aad.bound(purposes.madeKey, binding), wire));
  if (plaintext === undefined) {
    throw new KeyMeldError('gateway_response_invalid', 'The answer about the key does not come from the enclave it was asked of.');
  }
  const reader = new StrictCborReader(plaintext, 'answer about a key', limits.statementBytes);
  const map = reader.map();
  reader.key(map, 'key');
  const key = reader.publicKey();
  const proof = reader.optional(map, 'pop', () => reader.signature());
  const sealed = reader.optional(map, 'sealed', () => reader.bytes());
  reader.endMap(map);
  reader.end();
  return { key, proof, sealed };
}
