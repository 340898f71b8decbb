// protocol.md sections 5 and 10: chain = [*8 tweak].
import type { Hash32 } from '../bytes/ids.js';
import { CborEncoder } from '../cbor/encoder.js';
import type { StrictCborReader } from '../cbor/reader.js';
import { sha256Hex } from '../crypto/hashes.js';
import { limits } from '../limits.js';
import * as rules from './rules.js';
import { type ScriptTree, readTree, writeTree } from './scriptTree.js';

export type Tweak =
  | { readonly type: 'bip86' }
  | { readonly type: 'taproot'; readonly tree: ScriptTree }
  | { readonly type: 'plain' | 'xonly'; readonly tweak: Hash32 };

/** At most 8 tweaks, applied in order; bip86 and taproot only last. Equal by its bytes, which `hash` stands for. */
export class TweakChain {
  readonly tweaks: readonly Tweak[];
  readonly hash: Hash32;
  readonly #encoded: Uint8Array;

  constructor(tweaks: readonly Tweak[]) {
    rules.require(tweaks.length <= limits.tweaks, `A chain has at most ${limits.tweaks} tweaks.`);
    rules.require(tweaks.slice(0, -1).every(isRawTweak), 'bip86 and taproot can only be last in a chain.');
    const encoder = new CborEncoder().array(tweaks.length);
    tweaks.forEach((tweak) => writeTweak(encoder, tweak));
    this.tweaks = [...tweaks];
    this.#encoded = encoder.toBytes();
    this.hash = sha256Hex(this.#encoded);
  }

  static readonly empty = new TweakChain([]);

  /** An output that can be spent by key only. */
  static readonly bip86 = new TweakChain([{ type: 'bip86' }]);

  /** Whether a tweak of it can hide a script that nobody sees. */
  get isRaw(): boolean {
    return this.tweaks.some(isRawTweak);
  }

  static read(reader: StrictCborReader): TweakChain {
    const tweaks = reader.list(0, limits.tweaks, () => readTweak(reader));
    return tweaks.length === 0 ? TweakChain.empty : new TweakChain(tweaks);
  }

  write(encoder: CborEncoder): CborEncoder {
    return encoder.raw(this.#encoded);
  }
}

function isRawTweak(tweak: Tweak): boolean {
  return tweak.type === 'plain' || tweak.type === 'xonly';
}

function readTweak(reader: StrictCborReader): Tweak {
  const map = reader.map();
  const tree = reader.optional(map, 'tree', () => readTree(reader));
  reader.key(map, 'type');
  const type = reader.word(['bip86', 'taproot', 'plain', 'xonly']);
  if ((type === 'taproot') !== (tree !== undefined)) {
    throw reader.invalid('has a script tree exactly where none belongs');
  }
  const tweak: Tweak = tree !== undefined ? { type: 'taproot', tree } : type === 'plain' || type === 'xonly' ? { type, tweak: readValue() } : { type: 'bip86' };
  reader.endMap(map);
  return tweak;

  function readValue(): Hash32 {
    reader.key(map, 'tweak');
    return reader.hash();
  }
}

function writeTweak(encoder: CborEncoder, tweak: Tweak): void {
  switch (tweak.type) {
    case 'bip86':
      encoder.map(1).key('type').text(tweak.type);
      break;
    case 'taproot':
      encoder.map(2).key('tree');
      writeTree(encoder, tweak.tree);
      encoder.key('type').text(tweak.type);
      break;
    case 'plain':
    case 'xonly':
      encoder.map(2).key('type').text(tweak.type).key('tweak').hex(tweak.tweak);
      break;
  }
}
