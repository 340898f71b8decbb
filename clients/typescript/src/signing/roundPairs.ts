// protocol.md section 6, "Blame": round1 holds exactly the node's pairs, of which some may be missing; a foreign, repeated or misordered entry makes the blob ill-formed.
import { at } from '../bytes/bytes.js';
import { sameNode, type NodeId } from '../statements/nodeId.js';
import type { Round1Entry } from '../statements/roundEntries.js';
import type { VerifiedRequest } from './verifiedRequest.js';

/** A signer of an item. */
export interface RoundPair {
  /** Its place in the request. */
  readonly item: number;
  /** Index of the participant. */
  readonly signer: number;
}

/** All pairs of a request in one row: items in order, signers ascending. Whatever is kept for each pair is a list beside it. */
export class RoundPairs {
  readonly all: readonly RoundPair[];
  readonly #ofItem: readonly (readonly number[])[];
  readonly #ofNode: readonly number[][];

  constructor(request: VerifiedRequest) {
    const nodeOf = request.roster.members.map((member) => request.nodes.findIndex((node) => sameNode(node, nodeOfMember(member.index, member.enclave))));
    const all: RoundPair[] = [];
    const ofNode = request.nodes.map((): number[] => []);
    this.#ofItem = request.items.map(({ subset }, item) => request.roster.signersOf(subset).map((signer) => {
      at(ofNode, at(nodeOf, signer)).push(all.length);
      return all.push({ item, signer }) - 1;
    }));
    this.all = all;
    this.#ofNode = ofNode;
  }

  /** Places of an item's pairs in the row. */
  ofItem(item: number): readonly number[] {
    return at(this.#ofItem, item);
  }

  /** Places of a node's pairs in the row, by its place among the request's nodes. */
  ofNode(node: number): readonly number[] {
    return at(this.#ofNode, node);
  }
}

const nodeOfMember = (index: number, enclave: number | undefined): NodeId => (enclave === undefined ? { kind: 'home', index } : { kind: 'enclave', index: enclave });

/** The nonce of each of the node's pairs, undefined where it is missing; undefined altogether where the blob is ill-formed. */
export function alignRound1(request: VerifiedRequest, due: readonly RoundPair[], entries: readonly Round1Entry[]): (Uint8Array | undefined)[] | undefined {
  const aligned: (Uint8Array | undefined)[] = due.map(() => undefined);
  let next = 0;
  for (const entry of entries) {
    while (next < due.length && !names(entry, at(due, next))) {
      next++;
    }
    if (next === due.length) {
      return undefined;
    }
    aligned[next++] = entry.nonce;
  }
  return aligned;

  function names(entry: Round1Entry, pair: RoundPair): boolean {
    return pair.signer === entry.signer && at(request.items, pair.item).item === entry.item;
  }
}
