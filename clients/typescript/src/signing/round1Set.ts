// protocol.md section 6, "Rounds" and "Blame": one blob of every node, in node order, each signed for exactly these values; anything else is relay_fault and names nobody.
import { at, equalBytes } from '../bytes/bytes.js';
import type { XOnlyKey } from '../bytes/ids.js';
import { verifySchnorr } from '../crypto/publicKeys.js';
import { KeyMeldError } from '../errors/keyMeldError.js';
import { aad, purposes } from '../groups/aad.js';
import type { Roster } from '../groups/roster.js';
import type { SessionSecret } from '../groups/sessionSecret.js';
import { AggregateNonce, type PublicNonce, parsePublicNonce } from '../musig/aggregateNonce.js';
import { SigningSession } from '../musig/signingSession.js';
import { type NodeId, sameNode } from '../statements/nodeId.js';
import { parseRound1 } from '../statements/roundEntries.js';
import { type RoundBlob, roundDigest } from './roundBlob.js';
import { type RoundPairs, alignRound1 } from './roundPairs.js';
import { type VerifiedRequest, messageOf } from './verifiedRequest.js';

/** Requires the complete set of round 1; this node's own blob must be in it as it was answered. */
export function verifyRound1Set(request: VerifiedRequest, blobs: readonly RoundBlob[], attempt: number, own: RoundBlob): void {
  if (blobs.length !== request.nodes.length) {
    throw fault(`There are ${blobs.length} blobs of ${request.nodes.length} nodes.`);
  }
  blobs.forEach((blob, index) => {
    const node = at(request.nodes, index);
    if (!sameNode(blob.node, node) || blob.attempt !== attempt || blob.tau !== undefined) {
      throw fault(`The blob of ${node.kind} ${node.index} is another node's, or of another attempt or set.`);
    }
    if (!(sameNode(node, own.node) ? isSame(blob, own) : isSigned(request, blob))) {
      throw fault(`The blob of ${node.kind} ${node.index} is not as that node signed it.`);
    }
  });
}

/** Opens a verified set: the session to sign in for each of the node's pairs, undefined where the item is left out. */
export function openRound1Set(request: VerifiedRequest, pairs: RoundPairs, session: SessionSecret, blobs: readonly RoundBlob[], node: NodeId): (SigningSession | undefined)[] {
  const nonces: (PublicNonce | undefined)[] = pairs.all.map(() => undefined);
  blobs.forEach((blob, place) => {
    const due = pairs.ofNode(place);
    (openBlob(request, due.map((pair) => at(pairs.all, pair)), session, blob) ?? []).forEach((nonce, index) => {
      nonces[at(due, index)] = nonce === undefined ? undefined : parsePublicNonce(nonce);
    });
  });
  return pairs.ofNode(request.nodes.findIndex((one) => sameNode(one, node))).map((pair) => sessionOf(request, at(pairs.all, pair).item, pairs.ofItem(at(pairs.all, pair).item).map((one) => nonces[one])));
}

function sessionOf(request: VerifiedRequest, place: number, nonces: readonly (PublicNonce | undefined)[]): SigningSession | undefined {
  const whole = nonces.filter((nonce) => nonce !== undefined);
  if (whole.length !== nonces.length) {
    return undefined;
  }
  const item = at(request.items, place);
  const aggregate = AggregateNonce.aggregate(whole);
  return new SigningSession(item.adaptor === undefined ? aggregate : aggregate.withAdaptor(item.adaptor), messageOf(item), at(request.keys, place));
}

// The nonces of a node's pairs, undefined where one is missing; undefined where the blob does not open or is ill-formed.
function openBlob(request: VerifiedRequest, due: readonly { readonly item: number; readonly signer: number }[], session: SessionSecret, blob: RoundBlob): (Uint8Array | undefined)[] | undefined {
  const { roster } = request;
  const plaintext = session.decrypt(roster.manifestHash, purposes.round1, aad.round1(roster.rosterHash, request.request.digest, blob.attempt, blob.node), blob.blob);
  if (plaintext === undefined) {
    return undefined;
  }
  try {
    return alignRound1(request, due, parseRound1(plaintext));
  } catch (error) {
    if (error instanceof KeyMeldError) {
      return undefined;
    }
    throw error;
  }
}

/** The key with which a node signs: an enclave's statement key of the epoch in the manifest, a home's authorisation key. */
const keyOf = (roster: Roster, node: NodeId): XOnlyKey => (node.kind === 'enclave' ? at(roster.manifest.value.enclaves, node.index).sign : at(roster.members, node.index).registration.value.auth);

const isSigned = (request: VerifiedRequest, blob: RoundBlob): boolean =>
  verifySchnorr(keyOf(request.roster, blob.node), roundDigest(purposes.round1, request.roster.rosterHash, request.request.digest, blob), blob.signature);

const isSame = (blob: RoundBlob, own: RoundBlob): boolean => blob.boot === own.boot && blob.signature === own.signature && equalBytes(blob.blob, own.blob);

const fault = (message: string): KeyMeldError => new KeyMeldError('relay_fault', message);
