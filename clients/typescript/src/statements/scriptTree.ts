// protocol.md section 10: tree = {leaf, script} / [tree, tree]; BIP-341 for what it means.
import type { CborEncoder } from '../cbor/encoder.js';
import type { StrictCborReader } from '../cbor/reader.js';
import { limits } from '../limits.js';
import * as rules from './rules.js';

/** A leaf with an even version of one byte (0xc0: tapscript), or two trees. */
export type ScriptTree = ScriptLeaf | readonly [ScriptTree, ScriptTree];

export interface ScriptLeaf {
  readonly leaf: number;
  readonly script: Uint8Array;
}

export const isLeaf = (tree: ScriptTree): tree is ScriptLeaf => 'leaf' in tree;

export function readTree(reader: StrictCborReader, depth = 0): ScriptTree {
  if (reader.isArray) {
    if (depth === limits.treeDepth) {
      throw reader.invalid(`has a script tree deeper than ${limits.treeDepth}`);
    }
    reader.array(2, 2);
    const left = readTree(reader, depth + 1);
    return [left, readTree(reader, depth + 1)];
  }
  const map = reader.map();
  reader.key(map, 'leaf');
  const leaf = reader.int();
  reader.key(map, 'script');
  const script = reader.bytes();
  reader.endMap(map);
  if (!isVersion(leaf)) {
    throw reader.invalid(`has leaf version ${leaf}, which is not an even byte`);
  }
  return { leaf, script };
}

export function writeTree(encoder: CborEncoder, tree: ScriptTree, depth = 0): void {
  rules.require(depth <= limits.treeDepth, `A script tree is at most ${limits.treeDepth} deep.`);
  if (isLeaf(tree)) {
    rules.require(isVersion(tree.leaf), 'A leaf version is an even byte.');
    encoder.map(2).key('leaf').number(tree.leaf).key('script').bytes(tree.script);
  } else {
    encoder.array(2);
    tree.forEach((branch) => writeTree(encoder, branch, depth + 1));
  }
}

const isVersion = (version: number): boolean => Number.isInteger(version) && version >= 0 && version <= 0xff && version % 2 === 0;
