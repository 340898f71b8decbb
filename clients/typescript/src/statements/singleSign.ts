// protocol.md sections 7 and 10: single-sign and the plaintext of its blob.
import type { Hash32, Id16 } from '../bytes/ids.js';
import { CborEncoder } from '../cbor/encoder.js';
import { StrictCborReader } from '../cbor/reader.js';
import { wiping } from '../crypto/secrets.js';
import { limits } from '../limits.js';
import * as rules from './rules.js';
import type { StatementKind } from './signed.js';

export const algorithms = ['bip340', 'ecdsa'] as const;

export type SingleSignAlgorithm = (typeof algorithms)[number];

/** What is added to the key before it signs: nothing, BIP-86's tweak, or that of a script root (64 hex digits). */
export type SingleTweak = 'none' | 'bip86' | Hash32;

export interface SingleSign {
  /** SHA-256 of the key statement. */
  readonly key: Hash32;
  readonly request: Id16;
  readonly created: number;
  readonly expires: number;
  readonly algorithm: SingleSignAlgorithm;
  /** SHA-256 of the HPKE wire. */
  readonly sealed: Hash32;
}

export const singleSignKind: StatementKind<SingleSign> = {
  type: 'single-sign',
  parse(bytes) {
    const reader = new StrictCborReader(bytes, 'single-sign', limits.statementBytes);
    const map = reader.versionedMap();
    reader.key(map, 'key');
    const key = reader.hash();
    reader.key(map, 'sealed');
    const sealed = reader.hash();
    reader.key(map, 'created');
    const created = reader.time();
    reader.key(map, 'expires');
    const expires = reader.time();
    reader.key(map, 'request');
    const request = reader.id();
    reader.key(map, 'algorithm');
    const algorithm = reader.word(algorithms);
    reader.endMap(map);
    reader.end();
    rules.lifetime(created, expires);
    return { key, request, created, expires, algorithm, sealed };
  },
  encode(request) {
    rules.lifetime(request.created, request.expires);
    const encoder = new CborEncoder(192).map(7).key('v').number(1).key('key').hex(request.key).key('sealed').hex(request.sealed);
    encoder.key('created').number(request.created).key('expires').number(request.expires);
    return rules.finish(encoder.key('request').hex(request.request).key('algorithm').text(request.algorithm));
  },
};

/** The plaintext sealed to the enclave; it holds the response secret, so the caller wipes it. */
export function encodeSingleSignBlob(message: Hash32, tweak: SingleTweak, response: Uint8Array): Uint8Array {
  return wiping(new CborEncoder(160), (encoder) => {
    encoder.map(3).key('tweak');
    tweak === 'none' || tweak === 'bip86' ? encoder.text(tweak) : encoder.hex(tweak);
    return encoder.key('message').hex(message).key('response').bytes(response).toBytes();
  });
}
