// protocol.md sections 5 and 10: terms. Nobody signs them: the manifest commits to them.
import type { Id16 } from '../bytes/ids.js';
import { CborEncoder } from '../cbor/encoder.js';
import { StrictCborReader } from '../cbor/reader.js';
import { limits } from '../limits.js';
import * as rules from './rules.js';
import { TweakChain } from './tweakChain.js';

export interface Terms {
  readonly label?: string | undefined;
  readonly tweaks: TweakChain;
  /** A subset that is not there has the empty chain. */
  readonly subsets: ReadonlyMap<Id16, TweakChain>;
}

export function parseTerms(bytes: Uint8Array): Terms {
  const reader = new StrictCborReader(bytes, 'terms', limits.termsBytes);
  const map = reader.versionedMap();
  const label = reader.optional(map, 'label', () => reader.text(limits.labelBytes));
  reader.key(map, 'tweaks');
  const tweaks = TweakChain.read(reader);
  reader.key(map, 'subsets');
  const subsets = readSubsets(reader);
  reader.endMap(map);
  reader.end();
  return { label, tweaks, subsets };
}

export function encodeTerms(terms: Terms): Uint8Array {
  const encoder = new CborEncoder().map(terms.label === undefined ? 3 : 4).key('v').number(1);
  if (terms.label !== undefined) {
    rules.textLimit(terms.label, limits.labelBytes, 'label');
    encoder.key('label').text(terms.label);
  }
  terms.tweaks.write(encoder.key('tweaks'));
  encoder.key('subsets').map(terms.subsets.size);
  // Hex of one length sorts as its bytes do.
  for (const [id, chain] of [...terms.subsets].sort(([a], [b]) => (a < b ? -1 : 1))) {
    chain.write(encoder.hex(id));
  }
  return rules.finish(encoder, limits.termsBytes);
}

function readSubsets(reader: StrictCborReader): Map<Id16, TweakChain> {
  const count = reader.map().left;
  rules.limit(count, limits.subsets, 'subsets');
  const subsets = new Map<Id16, TweakChain>();
  let last = '';
  for (let i = 0; i < count; i++) {
    const id = reader.id();
    if (last >= id) {
      throw reader.invalid('has subsets that are not strictly ascending');
    }
    last = id;
    subsets.set(id, TweakChain.read(reader));
  }
  return subsets;
}
