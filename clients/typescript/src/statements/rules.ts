import { utf8 } from '../bytes/bytes.js';
import type { CborEncoder } from '../cbor/encoder.js';
import { KeyMeldError } from '../errors/keyMeldError.js';
import { limits } from '../limits.js';

export function require(holds: boolean, otherwise: string): asserts holds {
  if (!holds) {
    throw new KeyMeldError('statement_invalid', otherwise);
  }
}

export function limit(count: number, most: number, what: string): void {
  if (count > most) {
    throw new KeyMeldError('limit_exceeded', `${count} ${what}, over the limit of ${most}.`);
  }
}

export const distinct = (values: readonly string[], otherwise: string): void => require(new Set(values).size === values.length, otherwise);

export function ascending(indexes: readonly number[], bound: number, what: string): void {
  let last = -1;
  for (const index of indexes) {
    require(index > last, `The ${what} are not strictly ascending.`);
    last = index;
  }
  require(last < bound, `The ${what} name an index out of range.`);
}

export const time = (value: number, what: string): void => require(Number.isSafeInteger(value) && value >= 0, `${what} is not a time in Unix milliseconds below 2^53.`);

export const number = (value: number, what: string): void => require(Number.isInteger(value) && value >= 0 && value < 2 ** 31, `${what} is no number from 0 to 2^31.`);

export function lifetime(created: number, expires: number): void {
  time(created, 'created');
  time(expires, 'expires');
  require(expires > created, 'It expires before or when it is created.');
  require(expires - created <= limits.requestLifetime, 'It stays valid for more than 24 hours.');
}

export const textLimit = (text: string, most: number, what: string): void => limit(utf8(text).length, most, `bytes of ${what}`);

export function finish(encoder: CborEncoder, most: number = limits.statementBytes): Uint8Array {
  const bytes = encoder.toBytes();
  limit(bytes.length, most, 'bytes');
  return bytes;
}
