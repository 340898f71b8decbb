// protocol.md section 9: the Authorization header of reading calls.
import { type Id16, randomId } from '../bytes/ids.js';
import { CborEncoder } from '../cbor/encoder.js';
import { sha256, taggedHash } from '../crypto/hashes.js';
import type { SecretKey } from '../crypto/secretKey.js';

/** A call as it is signed. `target` as it is sent, `authority` = lower-case host, with the port unless it is the scheme's default. */
export interface SignedCall {
  readonly method: string;
  readonly authority: string;
  readonly target: string;
  readonly body: Uint8Array;
  /** Unix milliseconds. */
  readonly timestamp: number;
}

export function authorize(call: SignedCall, key: SecretKey, nonce: Id16 = randomId(), aux?: Uint8Array): string {
  const signature = key.signSchnorr(callDigest(call, nonce), aux);
  return `KeyMeld key=${key.xOnlyKey},ts=${call.timestamp},nonce=${nonce},sig=${signature}`;
}

export function callDigest(call: SignedCall, nonce: Id16): Uint8Array {
  const encoder = new CborEncoder().array(6).text(call.method).text(call.authority).text(call.target).bytes(sha256(call.body)).number(call.timestamp).hex(nonce);
  return taggedHash('KeyMeld/v1/http', encoder.toBytes());
}
