// RFC 8949 section 4.2.1: shortest heads, definite lengths. Callers write map keys in the order of their encodings (shorter first, then bytewise).
import { utf8 } from '../bytes/bytes.js';
import { fromHex } from '../bytes/hex.js';
import { type Wipeable, wipeBytes } from '../crypto/secrets.js';

const none = 0xf6;

/** Writes deterministic CBOR. Buffers it grew out of are wiped. */
export class CborEncoder implements Wipeable {
  #buffer: Uint8Array;
  #length = 0;

  constructor(capacity = 256) {
    this.#buffer = new Uint8Array(capacity);
  }

  /** A copy of what was written. */
  toBytes(): Uint8Array {
    return this.#buffer.slice(0, this.#length);
  }

  number(value: number): this {
    if (!Number.isSafeInteger(value) || value < 0) {
      throw new RangeError('Only unsigned integers below 2^53 are written.');
    }
    return this.#head(0, value);
  }

  bytes(value: Uint8Array): this {
    return this.#head(2, value.length).raw(value);
  }

  /** The bytes of a hash, id, key or signature. */
  hex(value: string): this {
    return this.bytes(fromHex(value));
  }

  text(value: string): this {
    const encoded = utf8(value);
    return this.#head(3, encoded.length).raw(encoded);
  }

  key(name: string): this {
    return this.text(name);
  }

  array(count: number): this {
    return this.#head(4, count);
  }

  map(count: number): this {
    return this.#head(5, count);
  }

  boolean(value: boolean): this {
    return this.raw(Uint8Array.of(value ? 0xf5 : 0xf4));
  }

  null(): this {
    return this.raw(Uint8Array.of(none));
  }

  indexes(values: readonly number[]): this {
    this.array(values.length);
    values.forEach((value) => this.number(value));
    return this;
  }

  optionalHex(name: string, value: string | undefined): this {
    return value === undefined ? this : this.key(name).hex(value);
  }

  optionalNumber(name: string, value: number | undefined): this {
    return value === undefined ? this : this.key(name).number(value);
  }

  optionalTrue(name: string, present: boolean): this {
    return present ? this.key(name).boolean(true) : this;
  }

  /** Bytes that are CBOR already. */
  raw(value: Uint8Array): this {
    this.#reserve(value.length);
    this.#buffer.set(value, this.#length);
    this.#length += value.length;
    return this;
  }

  wipe(): void {
    wipeBytes(this.#buffer);
    this.#length = 0;
  }

  #head(major: number, value: number): this {
    const type = major << 5;
    if (value < 24) {
      return this.raw(Uint8Array.of(type | value));
    }
    const size = value < 0x100 ? 1 : value < 0x1_0000 ? 2 : value < 0x1_0000_0000 ? 4 : 8;
    const head = new DataView(new ArrayBuffer(1 + size));
    head.setUint8(0, type | (24 + Math.log2(size)));
    for (let i = size, rest = value; i > 0; i--, rest = Math.floor(rest / 0x100)) {
      head.setUint8(i, rest % 0x100);
    }
    return this.raw(new Uint8Array(head.buffer));
  }

  #reserve(size: number): void {
    const needed = this.#length + size;
    if (needed > this.#buffer.length) {
      const grown = new Uint8Array(Math.max(needed, 2 * this.#buffer.length));
      grown.set(this.#buffer.subarray(0, this.#length));
      wipeBytes(this.#buffer);
      this.#buffer = grown;
    }
  }
}
