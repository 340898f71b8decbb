// protocol.md sections 6 and 10: everything about a request that does not depend on approvals or time.
import { at } from '../bytes/bytes.js';
import { fromHex } from '../bytes/hex.js';
import type { Hash32, Id16, PublicKey, XOnlyKey } from '../bytes/ids.js';
import { CborEncoder } from '../cbor/encoder.js';
import { taggedHash } from '../crypto/hashes.js';
import type { KeyAggregation } from '../crypto/keyAggregation.js';
import { toXOnly, verifySchnorr } from '../crypto/publicKeys.js';
import { KeyMeldError } from '../errors/keyMeldError.js';
import { limits } from '../limits.js';
import type { EnclaveKeys } from '../statements/enclaveKeys.js';
import type { NodeId } from '../statements/nodeId.js';
import { type Signed, type SignedStatement, readStatement } from '../statements/signed.js';
import type { SigningItem } from '../statements/signingItems.js';
import { type SigningRequest, signingRequestKind } from '../statements/signingRequest.js';
import type { Roster } from '../groups/roster.js';
import type { SessionSecret } from '../groups/sessionSecret.js';
import { openItems } from './sealedItems.js';

/** A request that was verified against its roster, with its items opened and each item's key. */
export interface VerifiedRequest {
  readonly roster: Roster;
  readonly request: Signed<SigningRequest>;
  readonly items: readonly SigningItem[];
  /** The effective key of each item. */
  readonly keys: readonly KeyAggregation[];
  /** Who signs: enclaves, then participants at home. */
  readonly nodes: readonly NodeId[];
}

export function verifyRequest(roster: Roster, statement: SignedStatement, sealedItems: Uint8Array, session: SessionSecret): VerifiedRequest {
  const request = verifyStatement(roster, statement);
  const items = openItems(roster, request.value, sealedItems, session);
  if (items.length !== request.value.items) {
    throw invalid(`The request is for ${request.value.items} items and comes with ${items.length}.`);
  }
  const keys = keysOf(roster, items);
  const signers = [...new Set(items.map((item) => item.subset))].flatMap((subset) => roster.signersOf(subset));
  limit(items.reduce((sum, item) => sum + roster.signersOf(item.subset).length, 0), limits.itemSigners, 'pairs of item and signer');
  const union = [...new Set(signers)].sort((a, b) => a - b);
  if (union.join() !== request.value.signers.join()) {
    throw invalid("The request's signers are not exactly those of its items.");
  }
  const unproven = items.find((item) => !hasProvenPoints(roster.rosterHash, request.value.signing, item));
  if (unproven !== undefined) {
    throw new KeyMeldError('items_invalid', `A point of the item ${unproven.item} comes without a proof that its secret is known.`);
  }
  return { roster, request, items, keys, nodes: nodesOf(roster, union) };
}

/** The enclaves of the manifest that sign for the request. */
export const hostsOf = (request: VerifiedRequest): EnclaveKeys[] =>
  request.nodes.filter((node) => node.kind === 'enclave').map((node) => at(request.roster.manifest.value.enclaves, node.index));

export function adaptorProofDigest(roster: Hash32, signing: Id16, item: Id16, index: number, points: readonly PublicKey[]): Uint8Array {
  const encoder = new CborEncoder(1024).array(5).hex(roster).hex(signing).hex(item).number(index).array(points.length);
  points.forEach((point) => encoder.hex(point));
  return taggedHash('KeyMeld/v1/adaptor-point', encoder.toBytes());
}

// What anybody can check: roster, requester, signature, signers in range.
function verifyStatement(roster: Roster, statement: SignedStatement): Signed<SigningRequest> {
  const read = readStatement(signingRequestKind, statement);
  if (read.value.roster !== roster.rosterHash) {
    throw new KeyMeldError('roster_mismatch', 'The request is for another roster.');
  }
  const verified = read.verify('request_invalid', requesterOf(roster, read.value));
  const last = at(read.value.signers, read.value.signers.length - 1);
  if (last >= roster.members.length) {
    throw invalid(`The group has no participant ${last} to sign.`);
  }
  return verified;
}

// A participant may request, the creator only where the manifest says creator_requests.
function requesterOf(roster: Roster, request: SigningRequest): XOnlyKey {
  if (request.by === 'creator') {
    if (!roster.manifest.value.creatorRequests) {
      throw invalid('The creator of this group may not request.');
    }
    return roster.manifest.value.creator;
  }
  const member = roster.members[request.by];
  if (member === undefined) {
    throw invalid(`The group has no participant ${request.by} to request.`);
  }
  return member.registration.value.auth;
}

function keysOf(roster: Roster, items: readonly SigningItem[]): KeyAggregation[] {
  const known = new Map<string, KeyAggregation>();
  return items.map((item) => {
    const name = `${item.subset ?? ''}/${roster.chainOf(item.subset, item.tweaks).hash}`;
    const keys = known.get(name) ?? roster.keysOf(item.subset, item.tweaks);
    known.set(name, keys);
    limit(known.size, limits.distinctKeys, 'distinct pairs of subset and tweaks');
    return keys;
  });
}

function hasProvenPoints(roster: Hash32, signing: Id16, item: SigningItem): boolean {
  const points = (item.points ?? []).map((one) => one.point);
  return (item.points ?? []).every((one, index) => verifySchnorr(toXOnly(one.point), adaptorProofDigest(roster, signing, item.item, index, points), one.proof));
}

function nodesOf(roster: Roster, signers: readonly number[]): NodeId[] {
  const enclaves = new Set(signers.flatMap((signer) => at(roster.members, signer).enclave ?? []));
  const home = signers.filter((signer) => at(roster.members, signer).enclave === undefined);
  return [...[...enclaves].sort((a, b) => a - b).map((index): NodeId => ({ kind: 'enclave', index })), ...home.map((index): NodeId => ({ kind: 'home', index }))];
}

function limit(count: number, most: number, what: string): void {
  if (count > most) {
    throw new KeyMeldError('limit_exceeded', `The request has ${count} ${what}, over the limit of ${most}.`);
  }
}

const invalid = (message: string): KeyMeldError => new KeyMeldError('request_invalid', message);

/** The message of an item as its signature is verified over it. */
export const messageOf = (item: SigningItem): Uint8Array => fromHex(item.message);

