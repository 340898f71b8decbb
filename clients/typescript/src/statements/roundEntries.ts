// protocol.md section 10: round1 and round2. What a blob may hold for a given request and node is checked by signing/roundPairs.ts.
import type { Id16 } from '../bytes/ids.js';
import { CborEncoder } from '../cbor/encoder.js';
import { StrictCborReader } from '../cbor/reader.js';
import { limits } from '../limits.js';
import * as rules from './rules.js';

/** A signer's public nonce for an item: 66 bytes, which may still be no points. */
export interface Round1Entry {
  readonly item: Id16;
  readonly signer: number;
  readonly nonce: Uint8Array;
}

/** A signer's partial signature for an item, 32 bytes. */
export interface Round2Entry {
  readonly item: Id16;
  readonly signer: number;
  readonly partial: Uint8Array;
}

const nonceSize = 66;

export function parseRound1(bytes: Uint8Array): Round1Entry[] {
  const reader = new StrictCborReader(bytes, 'round1 blob', limits.frameBytes);
  const entries = reader.list(1, limits.itemSigners, () => {
    const map = reader.map();
    reader.key(map, 'item');
    const item = reader.id();
    reader.key(map, 'nonce');
    const nonce = reader.bytes(nonceSize);
    reader.key(map, 'signer');
    const signer = reader.int();
    reader.endMap(map);
    return { item, signer, nonce };
  });
  reader.end();
  return entries;
}

export function encodeRound1(entries: readonly Round1Entry[]): Uint8Array {
  rules.require(entries.length >= 1 && entries.length <= limits.itemSigners, 'A round1 blob has at least one entry.');
  const encoder = new CborEncoder(8 + 112 * entries.length).array(entries.length);
  for (const { item, signer, nonce } of entries) {
    rules.require(nonce.length === nonceSize, `A public nonce has ${nonceSize} bytes.`);
    encoder.map(3).key('item').hex(item).key('nonce').bytes(nonce).key('signer').number(signer);
  }
  return rules.finish(encoder, limits.frameBytes);
}

export function encodeRound2(entries: readonly Round2Entry[]): Uint8Array {
  rules.limit(entries.length, limits.itemSigners, 'entries');
  const encoder = new CborEncoder(8 + 80 * entries.length).array(entries.length);
  for (const { item, signer, partial } of entries) {
    rules.require(partial.length === 32, 'A partial signature has 32 bytes.');
    encoder.map(3).key('item').hex(item).key('signer').number(signer).key('partial').bytes(partial);
  }
  return rules.finish(encoder, limits.frameBytes);
}
