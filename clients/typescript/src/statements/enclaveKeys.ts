import type { PublicKey, XOnlyKey } from '../bytes/ids.js';
import type { CborEncoder } from '../cbor/encoder.js';
import type { StrictCborReader } from '../cbor/reader.js';
import * as rules from './rules.js';

/** An enclave as a manifest or a key statement names it. */
export interface EnclaveKeys {
  /** What is sealed to it is sealed to this key. */
  readonly key: PublicKey;
  /** What it says is signed by this one. */
  readonly sign: XOnlyKey;
  readonly epoch: number;
  readonly id: number;
}

export function readEnclaveKeys(reader: StrictCborReader): EnclaveKeys {
  const map = reader.map();
  reader.key(map, 'id');
  const id = reader.int();
  reader.key(map, 'key');
  const key = reader.publicKey();
  reader.key(map, 'sign');
  const sign = reader.xOnlyKey();
  reader.key(map, 'epoch');
  const epoch = reader.int();
  reader.endMap(map);
  return { key, sign, epoch, id };
}

export const writeEnclaveKeys = (encoder: CborEncoder, keys: EnclaveKeys): CborEncoder =>
  encoder.map(4).key('id').number(keys.id).key('key').hex(keys.key).key('sign').hex(keys.sign).key('epoch').number(keys.epoch);

export function checkEnclaveKeys(keys: EnclaveKeys): void {
  rules.number(keys.id, "An enclave's number");
  rules.number(keys.epoch, "An enclave's epoch");
}
