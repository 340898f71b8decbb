// protocol.md sections 6 and 10: node = [0, enclave index] / [1, participant index].
import type { CborEncoder } from '../cbor/encoder.js';
import type { StrictCborReader } from '../cbor/reader.js';

export interface NodeId {
  readonly kind: 'enclave' | 'home';
  readonly index: number;
}

export function readNode(reader: StrictCborReader): NodeId {
  reader.array(2, 2);
  const kind = reader.int();
  if (kind > 1) {
    throw reader.invalid(`has a node of kind ${kind}`);
  }
  return { kind: kind === 0 ? 'enclave' : 'home', index: reader.int() };
}

export const writeNode = (encoder: CborEncoder, node: NodeId): CborEncoder => encoder.array(2).number(node.kind === 'enclave' ? 0 : 1).number(node.index);

export const sameNode = (a: NodeId, b: NodeId): boolean => a.kind === b.kind && a.index === b.index;
