// BIP-350: bech32m, over the characters and the layout of BIP-173; BIP-341 for witness version 1.
import { at } from '../bytes/bytes.js';
import { fromHex } from '../bytes/hex.js';
import type { XOnlyKey } from '../bytes/ids.js';

const prefixes = { mainnet: 'bc', testnet: 'tb', signet: 'tb', regtest: 'bcrt' } as const;

export type BitcoinNetwork = keyof typeof prefixes;

const characters = 'qpzry9x8gf2tvdw0s3jn54khce6mua7l';
const generator = [0x3b6a57b2, 0x26508e6d, 0x1ea119fa, 0x3d4233dd, 0x2a1462b3];
const bech32m = 0x2bc830a3;

/** The address of a taproot output. */
export function taprootAddress(outputKey: XOnlyKey, network: BitcoinNetwork): string {
  const prefix = prefixes[network];
  const values = [1, ...regroup(fromHex(outputKey))];
  return `${prefix}1${[...values, ...checksum(prefix, values)].map((value) => characters.charAt(value)).join('')}`;
}

// Bytes to groups of five bits, the last one filled up with zeros.
function regroup(bytes: Uint8Array): number[] {
  const groups: number[] = [];
  let pending = 0;
  let bits = 0;
  for (const byte of bytes) {
    pending = ((pending << 8) | byte) & 0xfff;
    for (bits += 8; bits >= 5;) {
      bits -= 5;
      groups.push((pending >> bits) & 31);
    }
  }
  return bits > 0 ? [...groups, (pending << (5 - bits)) & 31] : groups;
}

function checksum(prefix: string, values: readonly number[]): number[] {
  const codes = [...prefix].map((letter) => letter.charCodeAt(0));
  const state = [...codes.map((code) => code >> 5), 0, ...codes.map((code) => code & 31), ...values, 0, 0, 0, 0, 0, 0].reduce(step, 1) ^ bech32m;
  return [0, 1, 2, 3, 4, 5].map((i) => (state >> (5 * (5 - i))) & 31);
}

function step(state: number, value: number): number {
  const top = state >>> 25;
  return generator.reduce((next, _, i) => (((top >> i) & 1) === 0 ? next : next ^ at(generator, i)), ((state & 0x1ffffff) << 5) ^ value);
}
