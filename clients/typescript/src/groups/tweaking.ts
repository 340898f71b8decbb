// protocol.md section 5, "Keys": chains over a BIP-327 aggregate; BIP-341 and BIP-86 for the two that end in a taproot output.
import { fromHex } from '../bytes/hex.js';
import type { XOnlyKey } from '../bytes/ids.js';
import { taggedHash } from '../crypto/hashes.js';
import type { KeyAggregation } from '../crypto/keyAggregation.js';
import type { Tweak, TweakChain } from '../statements/tweakChain.js';
import { treeRoot } from './scriptTrees.js';

export const applyChain = (keys: KeyAggregation, chain: TweakChain): KeyAggregation => chain.tweaks.reduce(applyTweak, keys);

export const tapTweak = (internalKey: XOnlyKey, root: Uint8Array = new Uint8Array(0)): Uint8Array => taggedHash('TapTweak', fromHex(internalKey), root);

function applyTweak(keys: KeyAggregation, tweak: Tweak): KeyAggregation {
  switch (tweak.type) {
    case 'plain':
      return keys.withPlainTweak(fromHex(tweak.tweak));
    case 'xonly':
      return keys.withXOnlyTweak(fromHex(tweak.tweak));
    case 'bip86':
      return keys.withXOnlyTweak(tapTweak(keys.outputKey));
    case 'taproot':
      return keys.withXOnlyTweak(tapTweak(keys.outputKey, treeRoot(tweak.tree)));
  }
}
