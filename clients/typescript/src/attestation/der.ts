// X.690: the distinguished encoding rules, as far as certificates need them.
import { byteAt } from '../bytes/bytes.js';

/** Not DER, or not the form that was expected. */
export class DerError extends Error {
  override readonly name = 'DerError';
}

export const derTag = {
  boolean: 0x01, integer: 0x02, bitString: 0x03, octetString: 0x04, oid: 0x06, utcTime: 0x17, generalizedTime: 0x18, sequence: 0x30,
  version: 0xa0, issuerUniqueId: 0x81, subjectUniqueId: 0x82, extensions: 0xa3, keyIdentifier: 0x80,
} as const;

/** One element: its tag, its contents, and all of its bytes. */
export interface DerElement {
  readonly tag: number;
  readonly contents: Uint8Array;
  readonly encoded: Uint8Array;
}

/** Reads elements one after the other. */
export class DerReader {
  readonly #data: Uint8Array;
  #position = 0;

  constructor(data: Uint8Array) {
    this.#data = data;
  }

  get isAtEnd(): boolean {
    return this.#position === this.#data.length;
  }

  /** The next element, of this tag. */
  read(tag: number): DerElement {
    const next = this.readAny();
    if (next.tag !== tag) {
      throw new DerError(`There is tag ${next.tag} where ${tag} belongs.`);
    }
    return next;
  }

  /** The next element if it has this tag. */
  optional(tag: number): DerElement | undefined {
    return !this.isAtEnd && this.#data[this.#position] === tag ? this.readAny() : undefined;
  }

  readAny(): DerElement {
    const start = this.#position;
    const tag = this.#byte();
    if ((tag & 0x1f) === 0x1f) {
      throw new DerError('A tag has more than one byte.');
    }
    const length = this.#length();
    if (length > this.#data.length - this.#position) {
      throw new DerError('An element is cut short.');
    }
    const contents = this.#data.subarray(this.#position, this.#position + length);
    this.#position += length;
    return { tag, contents, encoded: this.#data.subarray(start, this.#position) };
  }

  end(): void {
    if (!this.isAtEnd) {
      throw new DerError('Bytes follow the last element.');
    }
  }

  #length(): number {
    const first = this.#byte();
    if (first < 0x80) {
      return first;
    }
    const size = first & 0x7f;
    if (size === 0 || size > 3) {
      throw new DerError('A length is indefinite or too long.');
    }
    let length = 0;
    for (let i = 0; i < size; i++) {
      length = length * 0x100 + this.#byte();
    }
    if (length < (size === 1 ? 0x80 : 0x100 ** (size - 1))) {
      throw new DerError('A length is not in its shortest form.');
    }
    return length;
  }

  #byte(): number {
    if (this.isAtEnd) {
      throw new DerError('An element is cut short.');
    }
    return byteAt(this.#data, this.#position++);
  }
}

/** The elements inside a constructed one. */
export const inside = (element: DerElement): DerReader => new DerReader(element.contents);

/** All of one element of this tag, and nothing behind it. */
export function only(data: Uint8Array, tag: number): DerElement {
  const reader = new DerReader(data);
  const element = reader.read(tag);
  reader.end();
  return element;
}

/** DER booleans are 0x00 and 0xff. */
export function booleanOf(element: DerElement): boolean {
  const value = element.contents[0];
  if (element.contents.length !== 1 || (value !== 0 && value !== 0xff)) {
    throw new DerError('A boolean is neither true nor false.');
  }
  return value === 0xff;
}

/** A small integer that is not negative. */
export function smallIntegerOf(element: DerElement): number {
  const [first, second] = element.contents;
  const isShortest = element.contents.length === 1 || first !== 0 || (second ?? 0) >= 0x80;
  if (first === undefined || first >= 0x80 || element.contents.length > 4 || !isShortest) {
    throw new DerError('An integer is negative, too large or not in its shortest form.');
  }
  return element.contents.reduce((value, byte) => value * 0x100 + byte, 0);
}

/** RFC 5280 section 4.1.2.5: UTCTime YYMMDDHHMMSSZ or GeneralizedTime YYYYMMDDHHMMSSZ, in Unix milliseconds. */
export function timeOf(element: DerElement): number {
  const text = String.fromCharCode(...element.contents);
  const isUtc = element.tag === derTag.utcTime;
  if ((!isUtc && element.tag !== derTag.generalizedTime) || !(isUtc ? /^\d{12}Z$/ : /^\d{14}Z$/).test(text)) {
    throw new DerError('A time is not of the form RFC 5280 prescribes.');
  }
  const year = isUtc ? Number(text.slice(0, 2)) + (text < '5' ? 2000 : 1900) : Number(text.slice(0, 4));
  const [month, day, hour, minute, second] = (text.slice(isUtc ? 2 : 4, -1).match(/../g) ?? []).map(Number);
  const time = Date.UTC(year, (month ?? 0) - 1, day, hour, minute, second);
  const back = new Date(time).toISOString().replace(/[-T:]|\.\d+/g, '');
  if (Number.isNaN(time) || back !== `${year}${text.slice(isUtc ? 2 : 4)}`) {
    throw new DerError('A time does not exist.');
  }
  return time;
}
