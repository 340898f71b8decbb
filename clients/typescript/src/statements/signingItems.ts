// protocol.md sections 6 and 10: items.
import type { Hash32, Id16, PublicKey, Signature } from '../bytes/ids.js';
import { CborEncoder } from '../cbor/encoder.js';
import { StrictCborReader } from '../cbor/reader.js';
import { sumOf, toXOnly } from '../crypto/publicKeys.js';
import { limits } from '../limits.js';
import * as rules from './rules.js';
import { TweakChain } from './tweakChain.js';

export interface SigningItem {
  readonly item: Id16;
  readonly message: Hash32;
  readonly subset?: Id16 | undefined;
  /** Its own chain; the empty one means none. Absent: the subset's or the group's. */
  readonly tweaks?: TweakChain | undefined;
  readonly adaptor?: PublicKey | undefined;
  readonly points?: readonly AdaptorPoint[] | undefined;
  readonly context?: ItemContext | undefined;
}

export interface AdaptorPoint {
  readonly point: PublicKey;
  readonly proof: Signature;
}

/** What the message is, from which an approver recomputes it. */
export interface ItemContext {
  readonly type: string;
  readonly data: Uint8Array;
}

export function parseItems(bytes: Uint8Array): SigningItem[] {
  const reader = new StrictCborReader(bytes, 'batch of items', limits.frameBytes);
  const items = reader.list(1, limits.items, () => readItem(reader));
  reader.end();
  checkItems(items);
  return items;
}

export function encodeItems(items: readonly SigningItem[]): Uint8Array {
  checkItems(items);
  const encoder = new CborEncoder(64 * items.length).array(items.length);
  items.forEach((item) => writeItem(encoder, item));
  return rules.finish(encoder, limits.frameBytes);
}

function readItem(reader: StrictCborReader): SigningItem {
  const map = reader.map();
  reader.key(map, 'item');
  const item = reader.id();
  const points = reader.optional(map, 'points', () => reader.list(limits.minPoints, limits.maxPoints, () => readPoint(reader)));
  const subset = reader.optional(map, 'subset', () => reader.id());
  const tweaks = reader.optional(map, 'tweaks', () => TweakChain.read(reader));
  const adaptor = reader.optional(map, 'adaptor', () => reader.publicKey());
  const context = reader.optional(map, 'context', () => readContext(reader));
  reader.key(map, 'message');
  const message = reader.hash();
  reader.endMap(map);
  return { item, message, subset, tweaks, adaptor, points, context };
}

function readPoint(reader: StrictCborReader): AdaptorPoint {
  const map = reader.map();
  reader.key(map, 'point');
  const point = reader.publicKey();
  reader.key(map, 'proof');
  const proof = reader.signature();
  reader.endMap(map);
  return { point, proof };
}

function readContext(reader: StrictCborReader): ItemContext {
  const map = reader.map();
  reader.key(map, 'data');
  const data = reader.bytes();
  reader.key(map, 'type');
  const type = reader.text(limits.labelBytes);
  reader.endMap(map);
  return { type, data };
}

function writeItem(encoder: CborEncoder, item: SigningItem): void {
  const { points, subset, tweaks, adaptor, context } = item;
  encoder.map(2 + [points, subset, tweaks, adaptor, context].filter((member) => member !== undefined).length).key('item').hex(item.item);
  if (points !== undefined) {
    encoder.key('points').array(points.length);
    points.forEach((one) => encoder.map(2).key('point').hex(one.point).key('proof').hex(one.proof));
  }
  encoder.optionalHex('subset', subset);
  tweaks?.write(encoder.key('tweaks'));
  encoder.optionalHex('adaptor', adaptor);
  if (context !== undefined) {
    encoder.key('context').map(2).key('data').bytes(context.data).key('type').text(context.type);
  }
  encoder.key('message').hex(item.message);
}

function checkItems(items: readonly SigningItem[]): void {
  rules.require(items.length >= 1 && items.length <= limits.items, `A request has 1 to ${limits.items} items.`);
  rules.distinct(items.map((item) => item.item), 'An item is there twice.');
  rules.limit(new Set(items.flatMap((item) => item.tweaks?.hash ?? [])).size, limits.distinctKeys, 'different tweak chains');
  for (const { points, adaptor, context } of items) {
    if (context !== undefined) {
      rules.limit(context.data.length, limits.contextBytes, 'bytes of context');
      rules.textLimit(context.type, limits.labelBytes, 'context type');
    }
    if (points !== undefined) {
      rules.require(points.length >= limits.minPoints && points.length <= limits.maxPoints, `An and adaptor has ${limits.minPoints} to ${limits.maxPoints} points.`);
      rules.distinct(points.map((one) => toXOnly(one.point)), 'Two points are equal up to sign.');
      rules.require(adaptor !== undefined, 'There are points without an adaptor.');
      rules.require(sumOf(points.map((one) => one.point)) === adaptor, 'The adaptor is not the sum of its points.');
    }
  }
}
