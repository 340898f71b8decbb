// protocol.md section 6, "Nonces": what was agreed goes into extra_input, besides the randomness that alone protects. All fields have fixed places.
import { concat } from '../bytes/bytes.js';
import { fromHex } from '../bytes/hex.js';
import type { Hash32, Id16, PublicKey } from '../bytes/ids.js';
import { taggedHash } from '../crypto/hashes.js';

/** Tells every use of a nonce apart. */
export interface NonceContext {
  readonly request: Hash32;
  readonly attempt: number;
  readonly boot: Id16;
  /** Place of the item in the batch. */
  readonly item: number;
  readonly signer: number;
  readonly subset: Id16 | undefined;
  /** SHA-256 of the effective tweak chain. */
  readonly chain: Hash32;
  readonly adaptor: PublicKey | undefined;
}

/** The 32 bytes of extra input. */
export function extraInput(context: NonceContext): Uint8Array {
  const { request, attempt, boot, item, signer, subset, chain, adaptor } = context;
  return taggedHash('KeyMeld/v1/nonce', concat(
    fromHex(request), number(attempt, 4), fromHex(boot), number(item, 8), number(signer, 4),
    number(subset === undefined ? 0 : 1, 1), subset === undefined ? new Uint8Array(16) : fromHex(subset), fromHex(chain),
    number(adaptor === undefined ? 0 : 1, 1), adaptor === undefined ? new Uint8Array(33) : fromHex(adaptor)));
}

function number(value: number, size: number): Uint8Array {
  const bytes = new DataView(new ArrayBuffer(8));
  bytes.setBigUint64(0, BigInt(value));
  return new Uint8Array(bytes.buffer).slice(8 - size);
}
