// RFC 8949 section 4.2.1 (core deterministic encoding), read strictly: one byte string for each value, everything else is refused.
// Maps are read key by key in the order the encoding prescribes, so an unknown, missing, repeated or misplaced key is the same thing: not the next one expected.
// Nesting needs no counter: readers follow their grammar, whose one recursion (the script tree) has its own bound.
import { byteAt, fromUtf8, utf8 } from '../bytes/bytes.js';
import { type Hash32, type Id16, type PublicKey, type Signature, type XOnlyKey, hash32, id16 } from '../bytes/ids.js';
import { publicKey, signature, xOnlyKey } from '../crypto/publicKeys.js';
import { KeyMeldError } from '../errors/keyMeldError.js';
import { readHead } from './head.js';

const major = { unsigned: 0, bytes: 2, text: 3, array: 4, map: 5 } as const;
const word = { false: 0xf4, true: 0xf5, null: 0xf6 } as const;
const largestInt = 2 ** 31 - 1;

/** The entries of a map that are still to be read. */
export interface MapRest {
  left: number;
}

export class StrictCborReader {
  readonly #data: Uint8Array;
  readonly #what: string;
  #position = 0;

  /**
   * @param what What is read, for messages: "manifest".
   * @param limit In bytes.
   */
  constructor(data: Uint8Array, what: string, limit: number) {
    this.#data = data;
    this.#what = what;
    if (data.length > limit) {
      throw this.invalid(`is ${data.length} bytes, over the limit of ${limit}`);
    }
  }

  int(): number {
    return this.#unsigned(largestInt);
  }

  /** Unix milliseconds. */
  time(): number {
    return this.#unsigned(Number.MAX_SAFE_INTEGER);
  }

  /** A copy. */
  bytes(size?: number): Uint8Array {
    const length = this.#lengthOf(major.bytes, 'a byte string');
    if (size !== undefined && length !== size) {
      throw this.invalid(`has ${length} bytes where ${size} belong, before byte ${this.#position}`);
    }
    return this.#take(length).slice();
  }

  text(limit: number): string {
    const length = this.#lengthOf(major.text, 'text');
    if (length > limit) {
      throw this.invalid(`has text of ${length} bytes, over the limit of ${limit}, before byte ${this.#position}`);
    }
    const text = fromUtf8(this.#take(length));
    if (text === undefined) {
      throw this.invalid(`has text that is not UTF-8 before byte ${this.#position}`);
    }
    return text;
  }

  /** One of a closed set of words. */
  word<T extends string>(words: readonly T[]): T {
    const text = this.text(256);
    const found = words.find((one) => one === text);
    if (found === undefined) {
      throw this.invalid(`has a word other than ${words.join(', ')} before byte ${this.#position}`);
    }
    return found;
  }

  boolean(): boolean {
    const next = this.#next();
    if (next !== word.true && next !== word.false) {
      throw this.#expected('true or false');
    }
    this.#position++;
    return next === word.true;
  }

  tryNull(): boolean {
    const isNull = this.#next() === word.null;
    this.#position += isNull ? 1 : 0;
    return isNull;
  }

  get isText(): boolean {
    return this.#next() >> 5 === major.text;
  }

  get isArray(): boolean {
    return this.#next() >> 5 === major.array;
  }

  array(minimum: number, maximum: number): number {
    const count = this.#lengthOf(major.array, 'an array');
    if (count < minimum || count > maximum) {
      throw this.invalid(`has ${count} entries where ${minimum} to ${maximum} belong, before byte ${this.#position}`);
    }
    return count;
  }

  /** An array whose entries are read one by one. */
  list<T>(minimum: number, maximum: number, entry: (index: number) => T): T[] {
    const count = this.array(minimum, maximum);
    const entries: T[] = [];
    for (let i = 0; i < count; i++) {
      entries.push(entry(i));
    }
    return entries;
  }

  indexes(minimum: number, maximum: number): number[] {
    return this.list(minimum, maximum, () => this.int());
  }

  map(): MapRest {
    return { left: this.#lengthOf(major.map, 'a map') };
  }

  /** A map that begins with {v: 1}. */
  versionedMap(): MapRest {
    const map = this.map();
    this.key(map, 'v');
    const version = this.int();
    if (version !== 1) {
      throw this.invalid(`has version ${version} where 1 belongs`);
    }
    return map;
  }

  key(map: MapRest, name: string): void {
    if (!this.tryKey(map, name)) {
      throw this.invalid(`has not the key '${name}' at byte ${this.#position}: missing, unknown or misplaced`);
    }
  }

  tryKey(map: MapRest, name: string): boolean {
    const encoded = utf8(name);
    const rest = this.#data.subarray(this.#position);
    if (map.left === 0 || rest.length <= encoded.length || rest[0] !== ((major.text << 5) | encoded.length) || !encoded.every((byte, i) => rest[1 + i] === byte)) {
      return false;
    }
    this.#position += 1 + encoded.length;
    map.left--;
    return true;
  }

  optional<T>(map: MapRest, name: string, read: () => T): T | undefined {
    return this.tryKey(map, name) ? read() : undefined;
  }

  /** true where it is true; a written false is refused. */
  optionalTrue(map: MapRest, name: string): boolean {
    const present = this.tryKey(map, name);
    if (present && !this.boolean()) {
      throw this.invalid(`says false where only true or nothing belongs, before byte ${this.#position}`);
    }
    return present;
  }

  endMap(map: MapRest): void {
    if (map.left !== 0) {
      throw this.invalid(`has an unknown or misplaced key at byte ${this.#position}`);
    }
  }

  end(): void {
    if (this.#position !== this.#data.length) {
      throw this.invalid(`has ${this.#data.length - this.#position} trailing bytes`);
    }
  }

  id(): Id16 {
    return id16(this.bytes(16));
  }

  hash(): Hash32 {
    return hash32(this.bytes(32));
  }

  signature(): Signature {
    return signature(this.bytes(64));
  }

  publicKey(): PublicKey {
    return publicKey(this.bytes(33)) ?? this.#fail(`has a public key that is not on the curve before byte ${this.#position}`);
  }

  xOnlyKey(): XOnlyKey {
    return xOnlyKey(this.bytes(32)) ?? this.#fail(`has an x-only key that is not on the curve before byte ${this.#position}`);
  }

  invalid(wrong: string): KeyMeldError {
    return new KeyMeldError('statement_invalid', `The ${this.#what} ${wrong}.`);
  }

  #fail(wrong: string): never {
    throw this.invalid(wrong);
  }

  #expected(kind: string): KeyMeldError {
    return this.invalid(`has something other than ${kind} at byte ${this.#position}`);
  }

  #next(): number {
    if (this.#position >= this.#data.length) {
      throw this.invalid('is cut short');
    }
    return byteAt(this.#data, this.#position);
  }

  #take(length: number): Uint8Array {
    const taken = this.#data.subarray(this.#position, this.#position + length);
    this.#position += length;
    return taken;
  }

  // A length or count is never more than the bytes that follow, which bounds every allocation by the input.
  #lengthOf(type: number, kind: string): number {
    const value = this.#head(type, kind);
    return value <= this.#data.length - this.#position ? value : this.#fail('is cut short');
  }

  #unsigned(maximum: number): number {
    const value = this.#head(major.unsigned, 'an unsigned integer');
    return value <= maximum ? value : this.#fail(`has a number over ${maximum} before byte ${this.#position}`);
  }

  #head(type: number, kind: string): number {
    if (this.#next() >> 5 !== type) {
      throw this.#expected(kind);
    }
    const head = readHead(this.#data, this.#position);
    if (head === 'cut short') {
      return this.#fail('is cut short');
    }
    if (head === 'indefinite') {
      return this.#fail(`has an indefinite or reserved length at byte ${this.#position}`);
    }
    if (!head.isShortest) {
      return this.#fail(`has a number that is not in its shortest form at byte ${this.#position}`);
    }
    this.#position += head.size;
    return head.value;
  }
}
