// protocol.md sections 6 and 10: result, signed like a round blob by any enclave of the manifest; attempt and τ are taken from it. Every signature is verified again.
import { at } from '../bytes/bytes.js';
import { verifySchnorr } from '../crypto/publicKeys.js';
import { KeyMeldError } from '../errors/keyMeldError.js';
import { type NodeId, sameNode } from '../statements/nodeId.js';
import { type ItemResult, parseResult } from '../statements/signingResult.js';
import { aad, purposes } from '../groups/aad.js';
import type { SessionSecret } from '../groups/sessionSecret.js';
import { nonceParity } from './preSignature.js';
import { type RoundBlob, isResultOf } from './roundBlob.js';
import { type VerifiedRequest, messageOf } from './verifiedRequest.js';

/** Opens a result and verifies what it has for every item. */
export function openResult(request: VerifiedRequest, session: SessionSecret, blob: RoundBlob): ItemResult[] {
  const { roster } = request;
  const enclave = blob.node.kind === 'enclave' ? roster.manifest.value.enclaves[blob.node.index] : undefined;
  if (enclave === undefined || !isResultOf(roster.rosterHash, request.request.digest, blob, enclave.sign)) {
    throw new KeyMeldError('relay_fault', 'The result is not signed by an enclave of this group.');
  }
  const plaintext = session.decrypt(roster.manifestHash, purposes.result, aad.result(roster.rosterHash, request.request.digest), blob.blob);
  if (plaintext === undefined) {
    throw wrong(blob, 'does not open');
  }
  const results = parse(plaintext);
  if (results.length !== request.items.length) {
    throw wrong(blob, `has ${results.length} entries for ${request.items.length} items`);
  }
  results.forEach((result, index) => check(request, blob, index, result));
  return results;
}

function parse(plaintext: Uint8Array): ItemResult[] {
  try {
    return parseResult(plaintext);
  } catch (error) {
    throw error instanceof KeyMeldError ? new KeyMeldError('round_blob_invalid', `The result is ill-formed: ${error.message}`, { cause: error }) : error;
  }
}

function check(request: VerifiedRequest, blob: RoundBlob, index: number, result: ItemResult): void {
  const item = at(request.items, index);
  if (result.item !== item.item) {
    throw wrong(blob, 'names other items, or in another order');
  }
  const outputKey = at(request.keys, index).outputKey;
  if (result.kind === 'completed' && item.adaptor === undefined) {
    requireSignature(verifySchnorr(outputKey, messageOf(item), result.signature));
  } else if (result.kind === 'presigned' && item.adaptor !== undefined) {
    requireSignature(nonceParity({ outputKey, message: item.message, point: item.adaptor, preSignature: result.preSignature }) !== undefined);
  } else if (result.kind !== 'failed' || (result.node !== undefined && !names(request.nodes, result.node))) {
    throw wrong(blob, `has something else for the item ${item.item} than was asked`);
  }

  function requireSignature(holds: boolean): void {
    if (!holds) {
      throw new KeyMeldError('signature_invalid', `What the result has for the item ${item.item} does not verify.`);
    }
  }
}

const wrong = (blob: RoundBlob, why: string): KeyMeldError => new KeyMeldError('round_blob_invalid', `The result of ${blob.node.kind} ${blob.node.index} ${why}.`);

const names = (nodes: readonly NodeId[], one: NodeId): boolean => nodes.some((node) => sameNode(node, one));
