// protocol.md section 5, "Keys": KeySort, KeyAgg, then the effective chain; aggregated once for the group and each subset.
import { at } from '../bytes/bytes.js';
import type { Id16, PublicKey, XOnlyKey } from '../bytes/ids.js';
import { KeyAggregation, TweakError } from '../crypto/keyAggregation.js';
import { KeyMeldError } from '../errors/keyMeldError.js';
import type { ErrorCode } from '../generated/errorCodes.js';
import type { Manifest } from '../statements/manifest.js';
import type { Terms } from '../statements/terms.js';
import { TweakChain } from '../statements/tweakChain.js';
import { applyChain } from './tweaking.js';

interface Part {
  readonly members: readonly number[];
  readonly chain: TweakChain;
  readonly untweaked: KeyAggregation;
  readonly effective: KeyAggregation;
}

export class GroupKeys {
  readonly #group: Part;
  readonly #subsets = new Map<Id16, Part>();

  /** The group's output key, then each subset's in manifest order. */
  readonly outputKeys: readonly XOnlyKey[];

  constructor(manifest: Manifest, terms: Terms, keys: readonly PublicKey[]) {
    const part = (members: readonly number[], chain: TweakChain): Part => leadingToKey('terms_mismatch', 'terms', () => {
      const untweaked = KeyAggregation.aggregate(KeyAggregation.sort(members.map((member) => at(keys, member))));
      return { members, chain, untweaked, effective: applyChain(untweaked, chain) };
    });
    this.#group = part(keys.map((_, index) => index), terms.tweaks);
    for (const subset of manifest.subsets) {
      this.#subsets.set(subset.id, part(subset.members, terms.subsets.get(subset.id) ?? TweakChain.empty));
    }
    this.outputKeys = [this.#group, ...this.#subsets.values()].map((one) => one.effective.outputKey);
  }

  signersOf(subset: Id16 | undefined): readonly number[] {
    return this.#part(subset).members;
  }

  /** An item's own chain if it has one, else that of its subset, or of the group. */
  chainOf(subset: Id16 | undefined, tweaks: TweakChain | undefined): TweakChain {
    return tweaks ?? this.#part(subset).chain;
  }

  of(subset: Id16 | undefined, tweaks: TweakChain | undefined): KeyAggregation {
    const part = this.#part(subset);
    return tweaks === undefined || tweaks.hash === part.chain.hash
      ? part.effective
      : leadingToKey('items_invalid', 'item', () => applyChain(part.untweaked, tweaks));
  }

  #part(subset: Id16 | undefined): Part {
    const part = subset === undefined ? this.#group : this.#subsets.get(subset);
    if (part === undefined) {
      throw new KeyMeldError('items_invalid', `The manifest has no subset ${subset}.`);
    }
    return part;
  }
}

function leadingToKey<T>(code: ErrorCode, what: string, make: () => T): T {
  try {
    return make();
  } catch (error) {
    throw error instanceof TweakError ? new KeyMeldError(code, `The tweaks of the ${what} do not lead to a key.`, { cause: error }) : error;
  }
}
