// protocol.md section 6, "Rounds": how a round blob travels, and what its node signs:
// TH("KeyMeld/v1/round", CBOR [purpose, ρ, D, attempt, node, boot, τ or null, SHA-256(blob)]); τ is null in round 1.
// τ = TH("KeyMeld/v1/round1-set", SHA-256 of every round-1 blob in node order).
import type { Hash32, Id16, Signature, XOnlyKey } from '../bytes/ids.js';
import { CborEncoder } from '../cbor/encoder.js';
import { sha256, taggedHash, taggedHex } from '../crypto/hashes.js';
import { verifySchnorr } from '../crypto/publicKeys.js';
import type { SecretKey } from '../crypto/secretKey.js';
import { type NodeId, writeNode } from '../statements/nodeId.js';

export interface RoundBlob {
  readonly attempt: number;
  readonly node: NodeId;
  readonly boot: Id16;
  readonly tau: Hash32 | undefined;
  readonly blob: Uint8Array;
  readonly signature: Signature;
}

export function roundDigest(purpose: string, roster: Hash32, request: Hash32, round: Omit<RoundBlob, 'signature'>): Uint8Array {
  const encoder = writeNode(new CborEncoder().array(8).text(purpose).hex(roster).hex(request).number(round.attempt), round.node).hex(round.boot);
  round.tau === undefined ? encoder.null() : encoder.hex(round.tau);
  return taggedHash('KeyMeld/v1/round', encoder.bytes(sha256(round.blob)).toBytes());
}

export const isResultOf = (roster: Hash32, request: Hash32, round: RoundBlob, key: XOnlyKey): boolean =>
  round.attempt >= 1 && round.tau !== undefined && verifySchnorr(key, roundDigest('result', roster, request, round), round.signature);

/** Signed by the node's statement or authorisation key. */
export const signRound = (purpose: string, roster: Hash32, request: Hash32, round: Omit<RoundBlob, 'signature'>, key: SecretKey): RoundBlob =>
  ({ ...round, signature: key.signSchnorr(roundDigest(purpose, roster, request, round)) });

/** τ. */
export const round1SetHash = (blobs: readonly RoundBlob[]): Hash32 => taggedHex('KeyMeld/v1/round1-set', ...blobs.map((one) => sha256(one.blob)));
