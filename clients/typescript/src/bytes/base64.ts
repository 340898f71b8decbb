// RFC 4648: section 4 with padding (blobs in JSON) and section 5 without (invitations), both canonical: one text for each byte string.
import { byteAt } from './bytes.js';

const letters = 'ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789';
const standard = `${letters}+/`;
const forUrls = `${letters}-_`;

export const toBase64 = (bytes: Uint8Array): string => {
  const text = encode(bytes, standard);
  return text.padEnd(Math.ceil(text.length / 4) * 4, '=');
};

/** Standard base64 with padding; undefined for anything else, another spelling of the same bytes included. */
export function parseBase64(text: string): Uint8Array | undefined {
  const end = text.endsWith('==') ? text.length - 2 : text.endsWith('=') ? text.length - 1 : text.length;
  return text.length % 4 === 0 ? decode(text.slice(0, end), standard) : undefined;
}

export const toBase64Url = (bytes: Uint8Array): string => encode(bytes, forUrls);

/** base64url without padding; undefined for anything else. */
export const parseBase64Url = (text: string): Uint8Array | undefined => decode(text, forUrls);

function encode(bytes: Uint8Array, alphabet: string): string {
  let text = '';
  for (let i = 0; i < bytes.length; i += 3) {
    const left = Math.min(3, bytes.length - i);
    const group = (byteAt(bytes, i) << 16) | (left > 1 ? byteAt(bytes, i + 1) << 8 : 0) | (left > 2 ? byteAt(bytes, i + 2) : 0);
    for (let digit = 0; digit <= left; digit++) {
      text += alphabet.charAt((group >> (18 - 6 * digit)) & 63);
    }
  }
  return text;
}

function decode(text: string, alphabet: string): Uint8Array | undefined {
  if (text.length % 4 === 1) {
    return undefined;
  }
  const values = valuesOf(alphabet);
  const bytes = new Uint8Array(Math.floor((text.length * 3) / 4));
  let pending = 0;
  let bits = 0;
  let at = 0;
  for (let i = 0; i < text.length; i++) {
    const value = values.get(text.charAt(i));
    if (value === undefined) {
      return undefined;
    }
    pending = ((pending << 6) | value) & 0xfff;
    bits += 6;
    if (bits >= 8) {
      bits -= 8;
      bytes[at++] = (pending >> bits) & 0xff;
    }
  }
  // What is left over must be zero, or two texts would mean the same bytes.
  return (pending & ((1 << bits) - 1)) === 0 ? bytes : undefined;
}

const tables = new Map<string, ReadonlyMap<string, number>>();

function valuesOf(alphabet: string): ReadonlyMap<string, number> {
  const known = tables.get(alphabet) ?? new Map([...alphabet].map((letter, value) => [letter, value]));
  tables.set(alphabet, known);
  return known;
}
