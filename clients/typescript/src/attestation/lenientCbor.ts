// RFC 8949, as the Nitro hypervisor may write it: heads of any length, arrays and maps of definite or indefinite length. Strings are of definite length.
import { byteAt, fromUtf8 } from '../bytes/bytes.js';
import { readHead } from '../cbor/head.js';
import { AttestationError } from './attestationError.js';

const stop = 0xff;
const nothing = 0xf6;
const indefinite = 31;

/** Reads the CBOR of attestation documents. Everything it refuses is of the failure "Encoding". */
export class LenientCborReader {
  readonly #data: Uint8Array;
  #position = 0;

  constructor(data: Uint8Array) {
    this.#data = data;
  }

  get isAtEnd(): boolean {
    return this.#position === this.#data.length;
  }

  /** The major type of the next item, 0 to 7. */
  get major(): number {
    return this.#next() >> 5;
  }

  tag(): number {
    return this.#head(6, 'a tag');
  }

  unsigned(): number {
    return this.#head(0, 'an unsigned integer');
  }

  bytes(): Uint8Array {
    return this.#take(this.#head(2, 'a byte string')).slice();
  }

  text(): string {
    return fromUtf8(this.#take(this.#head(3, 'a text string'))) ?? malformed('it has text that is not UTF-8');
  }

  tryNull(): boolean {
    const isNull = this.#next() === nothing;
    this.#position += isNull ? 1 : 0;
    return isNull;
  }

  /** Calls `entry` for each entry of an array. */
  array(entry: () => void): void {
    this.#each(4, 'an array', entry);
  }

  /** Calls `entry` for each pair of a map; it reads key and value. */
  map(entry: () => void): void {
    this.#each(5, 'a map', entry);
  }

  /** Passes over one item of at most `depth` levels. */
  skip(depth: number): void {
    if (depth === 0) {
      malformed('it is nested too deeply');
    }
    switch (this.major) {
      case 0:
      case 1:
        this.#head(this.major, 'an integer');
        break;
      case 2:
      case 3:
        this.#take(this.#head(this.major, 'a string'));
        break;
      case 4:
        this.array(() => this.skip(depth - 1));
        break;
      case 5:
        this.map(() => {
          this.skip(depth - 1);
          this.skip(depth - 1);
        });
        break;
      case 6:
        this.tag();
        this.skip(depth - 1);
        break;
      default:
        this.#head(7, 'a simple value');
        break;
    }
  }

  #each(major: number, kind: string, entry: () => void): void {
    if (this.major !== major) {
      malformed(`it has something other than ${kind} at byte ${this.#position}`);
    }
    if ((this.#next() & 0x1f) === indefinite) {
      this.#position++;
      while (this.#next() !== stop) {
        entry();
      }
      this.#position++;
      return;
    }
    const count = this.#head(major, kind);
    if (count > this.#data.length - this.#position) {
      malformed('it is cut short');
    }
    for (let i = 0; i < count; i++) {
      entry();
    }
  }

  #next(): number {
    return this.isAtEnd ? malformed('it is cut short') : byteAt(this.#data, this.#position);
  }

  #take(length: number): Uint8Array {
    if (length > this.#data.length - this.#position) {
      malformed('it is cut short');
    }
    const taken = this.#data.subarray(this.#position, this.#position + length);
    this.#position += length;
    return taken;
  }

  #head(major: number, kind: string): number {
    if (this.major !== major) {
      malformed(`it has something other than ${kind} at byte ${this.#position}`);
    }
    const head = readHead(this.#data, this.#position);
    if (head === 'cut short' || head === 'indefinite') {
      return malformed(head === 'cut short' ? 'it is cut short' : `it has an indefinite or reserved length at byte ${this.#position}`);
    }
    this.#position += head.size;
    return head.value;
  }
}

/** Refuses a document that is not well-formed. */
export function malformed(what: string): never {
  throw new AttestationError('Encoding', `The attestation document is not well-formed: ${what}.`);
}
