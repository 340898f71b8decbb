/** Joins byte strings. */
export function concat(...parts: readonly Uint8Array[]): Uint8Array {
  const joined = new Uint8Array(parts.reduce((sum, part) => sum + part.length, 0));
  let at = 0;
  for (const part of parts) {
    joined.set(part, at);
    at += part.length;
  }
  return joined;
}

/** Whether two byte strings are equal; the time does not depend on where they differ. */
export function equalBytes(a: Uint8Array, b: Uint8Array): boolean {
  if (a.length !== b.length) {
    return false;
  }
  let difference = 0;
  for (let i = 0; i < a.length; i++) {
    difference |= byteAt(a, i) ^ byteAt(b, i);
  }
  return difference === 0;
}

/** Bytewise order, as a sort wants it. */
export function compareBytes(a: Uint8Array, b: Uint8Array): number {
  for (let i = 0; i < a.length && i < b.length; i++) {
    const difference = byteAt(a, i) - byteAt(b, i);
    if (difference !== 0) {
      return difference;
    }
  }
  return a.length - b.length;
}

/** One byte; outside of the array a programming error. */
export function byteAt(bytes: Uint8Array, index: number): number {
  return at(bytes, index);
}

/** One entry; outside of the list a programming error. */
export function at<T>(list: ArrayLike<T>, index: number): T {
  const entry = list[index];
  if (entry === undefined) {
    throw new RangeError(`There is no entry ${index} of ${list.length}.`);
  }
  return entry;
}

const strictUtf8 = new TextDecoder('utf-8', { fatal: true, ignoreBOM: true });
const encoder = new TextEncoder();

/** UTF-8; a text with half a surrogate pair has none and is refused. */
export function utf8(text: string): Uint8Array {
  if (!text.isWellFormed()) {
    throw new RangeError('The text has half a surrogate pair.');
  }
  return encoder.encode(text);
}

/** The text of UTF-8 bytes; undefined when they are none. */
export function fromUtf8(bytes: Uint8Array): string | undefined {
  try {
    return strictUtf8.decode(bytes);
  } catch {
    return undefined;
  }
}
