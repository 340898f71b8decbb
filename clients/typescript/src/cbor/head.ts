// RFC 8949 section 3: the head of a data item.
import { byteAt } from '../bytes/bytes.js';

/** The argument of a head. Above 2^53 it is rounded, which every caller's limit is far below. */
export interface Head {
  readonly value: number;
  /** Of the head, in bytes. */
  readonly size: number;
  readonly isShortest: boolean;
}

/** Reads the head that begins at a byte which is there. */
export function readHead(data: Uint8Array, position: number): Head | 'cut short' | 'indefinite' {
  const info = byteAt(data, position) & 0x1f;
  if (info < 24) {
    return { value: info, size: 1, isShortest: true };
  }
  if (info > 27) {
    return 'indefinite';
  }
  const size = 2 ** (info - 24);
  if (data.length - position <= size) {
    return 'cut short';
  }
  let value = 0;
  for (let i = 1; i <= size; i++) {
    value = value * 0x100 + byteAt(data, position + i);
  }
  return { value, size: 1 + size, isShortest: value >= (size === 1 ? 24 : 2 ** (size * 4)) };
}
