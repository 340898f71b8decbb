// protocol.md section 5, "Keys": chains over a BIP-327 aggregate; BIP-341 and BIP-86 for the two that end in a taproot output.
import { fromHex } from '../bytes/hex.js';
import type { XOnlyKey } from '../bytes/ids.js';
import { taggedHash } from '../crypto/hashes.js';
import { type KeyAggregation, TweakError } from '../crypto/keyAggregation.js';
import { Curve, keyOf, liftX, scalar, toXOnly } from '../crypto/publicKeys.js';
import type { Tweak, TweakChain } from '../statements/tweakChain.js';
import { treeRoot } from './scriptTrees.js';

export const applyChain = (keys: KeyAggregation, chain: TweakChain): KeyAggregation => chain.tweaks.reduce(applyTweak, keys);

export const tapTweak = (internalKey: XOnlyKey, root: Uint8Array = new Uint8Array(0)): Uint8Array => taggedHash('TapTweak', fromHex(internalKey), root);

/** Q = P + TapTweak(P ‖ root)·G, for the point P with an even y. */
export function taprootKey(internalKey: XOnlyKey, root?: Uint8Array): XOnlyKey {
  const tweak = scalar(tapTweak(internalKey, root));
  const point = tweak === undefined || tweak === 0n ? undefined : liftX(internalKey).add(Curve.BASE.multiplyUnsafe(tweak));
  if (point === undefined || point.is0()) {
    throw new TweakError('The tweak leads to no key.');
  }
  return toXOnly(keyOf(point));
}

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
