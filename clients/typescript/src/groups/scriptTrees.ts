// BIP-341, "Constructing and spending Taproot outputs": the Merkle root of a script tree.
import { compareBytes, concat } from '../bytes/bytes.js';
import { taggedHash } from '../crypto/hashes.js';
import { type ScriptLeaf, type ScriptTree, isLeaf } from '../statements/scriptTree.js';

export function treeRoot(tree: ScriptTree): Uint8Array {
  if (isLeaf(tree)) {
    return leafHash(tree);
  }
  const [left, right] = [treeRoot(tree[0]), treeRoot(tree[1])];
  return compareBytes(left, right) <= 0 ? taggedHash('TapBranch', left, right) : taggedHash('TapBranch', right, left);
}

export const leafHash = (leaf: ScriptLeaf): Uint8Array => taggedHash('TapLeaf', concat(Uint8Array.of(leaf.leaf), compactSize(leaf.script.length), leaf.script));

/** The leaves of a tree, left to right. */
export const leavesOf = (tree: ScriptTree): ScriptLeaf[] => (isLeaf(tree) ? [tree] : [...leavesOf(tree[0]), ...leavesOf(tree[1])]);

// Bitcoin's CompactSize; scripts of 2^32 bytes do not fit in terms.
function compactSize(value: number): Uint8Array {
  if (value < 0xfd) {
    return Uint8Array.of(value);
  }
  return value <= 0xffff
    ? Uint8Array.of(0xfd, value & 0xff, value >> 8)
    : Uint8Array.of(0xfe, value & 0xff, (value >> 8) & 0xff, (value >> 16) & 0xff, (value >> 24) & 0xff);
}
