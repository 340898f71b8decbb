// protocol.md section 10: result.
import type { Id16, Signature } from '../bytes/ids.js';
import { StrictCborReader } from '../cbor/reader.js';
import { limits } from '../limits.js';
import { type NodeId, readNode } from './nodeId.js';

export type ItemResult =
  | { readonly kind: 'completed'; readonly item: Id16; readonly signature: Signature }
  | { readonly kind: 'presigned'; readonly item: Id16; readonly preSignature: Signature }
  | { readonly kind: 'failed'; readonly item: Id16; readonly error: string; readonly node?: NodeId | undefined };

export function parseResult(bytes: Uint8Array): ItemResult[] {
  const reader = new StrictCborReader(bytes, 'result', limits.frameBytes);
  const results = reader.list(1, limits.items, () => readEntry(reader));
  reader.end();
  return results;
}

function readEntry(reader: StrictCborReader): ItemResult {
  const map = reader.map();
  reader.key(map, 'item');
  const item = reader.id();
  const node = reader.optional(map, 'node', () => readNode(reader));
  const result = readRest();
  reader.endMap(map);
  return result;

  function readRest(): ItemResult {
    if (node === undefined && reader.tryKey(map, 'signature')) {
      return { kind: 'completed', item, signature: reader.signature() };
    }
    if (node === undefined && reader.tryKey(map, 'presignature')) {
      return { kind: 'presigned', item, preSignature: reader.signature() };
    }
    reader.key(map, 'error');
    const error = reader.text(limits.labelBytes);
    // Not only codes of our own table: a newer enclave may have more. But nothing that a terminal or a log would take for anything else.
    if (!/^[a-z0-9_]{1,64}$/.test(error)) {
      throw reader.invalid('has an error that is not of the form of a code');
    }
    return { kind: 'failed', item, error, node };
  }
}
