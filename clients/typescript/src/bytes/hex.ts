import { byteAt } from './bytes.js';

const digits = '0123456789abcdef';

/** Lower-case hex, as everywhere in the protocol. */
export function toHex(bytes: Uint8Array): string {
  let text = '';
  for (const byte of bytes) {
    text += digits.charAt(byte >> 4) + digits.charAt(byte & 15);
  }
  return text;
}

/** Strict: an even number of lower-case digits, `size` bytes where given; undefined otherwise. */
export function parseHex(text: string, size = text.length / 2): Uint8Array | undefined {
  if (!Number.isInteger(size) || text.length !== 2 * size || !/^[0-9a-f]*$/.test(text)) {
    return undefined;
  }
  const bytes = new Uint8Array(size);
  for (let i = 0; i < size; i++) {
    bytes[i] = Number.parseInt(text.slice(2 * i, 2 * i + 2), 16);
  }
  return bytes;
}

/** The bytes of hex that is known to be hex, for example a {@link Hash32}. */
export function fromHex(text: string): Uint8Array {
  const bytes = parseHex(text);
  if (bytes === undefined) {
    throw new RangeError('The text is not lower-case hex.');
  }
  return bytes;
}

/** The first byte of hex that is known to be hex. */
export const firstByte = (text: string): number => byteAt(fromHex(text.slice(0, 2)), 0);
