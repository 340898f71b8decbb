// protocol.md section 10, "Bytes": every aad is a CBOR array that begins with its purpose. B and KB enter as byte strings.
import type { Hash32, Id16 } from '../bytes/ids.js';
import { CborEncoder } from '../cbor/encoder.js';
import { type NodeId, writeNode } from '../statements/nodeId.js';

export const purposes = {
  sessionSecret: 'session-secret',
  memberKey: 'member-key',
  makeKey: 'make-key',
  singleKey: 'single-key',
  singleSign: 'single-sign',
  terms: 'terms',
  signingItems: 'signing-items',
  round1: 'round1',
  round2: 'round2',
  result: 'result',
  madeKey: 'made-key',
  singleAnswer: 'single-answer',
} as const;

const begin = (count: number, purpose: string): CborEncoder => new CborEncoder().array(count).text(purpose);

const round = (count: number, purpose: string, roster: Hash32, request: Hash32, attempt: number, node: NodeId): CborEncoder =>
  writeNode(begin(count, purpose).hex(roster).hex(request).number(attempt), node);

export const aad = {
  sessionSecret: (manifest: Hash32, enclave: number): Uint8Array => begin(3, purposes.sessionSecret).hex(manifest).number(enclave).toBytes(),
  /** For the purposes over B or KB. */
  bound: (purpose: string, binding: Uint8Array): Uint8Array => begin(2, purpose).bytes(binding).toBytes(),
  singleSign: (key: Hash32, request: Id16): Uint8Array => begin(3, purposes.singleSign).hex(key).hex(request).toBytes(),
  terms: (): Uint8Array => begin(1, purposes.terms).toBytes(),
  signingItems: (roster: Hash32, signing: Id16): Uint8Array => begin(3, purposes.signingItems).hex(roster).hex(signing).toBytes(),
  round1: (roster: Hash32, request: Hash32, attempt: number, node: NodeId): Uint8Array => round(5, purposes.round1, roster, request, attempt, node).toBytes(),
  round2: (roster: Hash32, request: Hash32, attempt: number, node: NodeId, tau: Hash32): Uint8Array => round(6, purposes.round2, roster, request, attempt, node).hex(tau).toBytes(),
  result: (roster: Hash32, request: Hash32): Uint8Array => begin(3, purposes.result).hex(roster).hex(request).toBytes(),
  singleAnswer: (statement: Hash32): Uint8Array => begin(2, purposes.singleAnswer).hex(statement).toBytes(),
} as const;
