// BIP-340: TH(tag, x) = SHA256(SHA256(tag) ‖ SHA256(tag) ‖ x).
import { sha256 as sha } from '@noble/hashes/sha2.js';
import { utf8 } from '../bytes/bytes.js';
import { type Hash32, hash32 } from '../bytes/ids.js';

const prefixes = new Map<string, Uint8Array>();

export const sha256 = (...parts: readonly Uint8Array[]): Uint8Array => {
  const hash = sha.create();
  for (const part of parts) {
    hash.update(part);
  }
  return hash.digest();
};

export const sha256Hex = (...parts: readonly Uint8Array[]): Hash32 => hash32(sha256(...parts));

export function taggedHash(tag: string, ...parts: readonly Uint8Array[]): Uint8Array {
  const prefix = prefixes.get(tag) ?? sha256(utf8(tag));
  prefixes.set(tag, prefix);
  return sha256(prefix, prefix, ...parts);
}

export const taggedHex = (tag: string, ...parts: readonly Uint8Array[]): Hash32 => hash32(taggedHash(tag, ...parts));
