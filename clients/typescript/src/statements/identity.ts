// protocol.md sections 3 and 10: identity. Attested, not signed: its digest is the user_data of an attestation document.
import type { Hash32, Id16, PublicKey, XOnlyKey } from '../bytes/ids.js';
import { StrictCborReader } from '../cbor/reader.js';
import { taggedHash } from '../crypto/hashes.js';
import { limits } from '../limits.js';
import * as rules from './rules.js';

export const enclaveModes = ['production', 'development'] as const;

export type EnclaveMode = (typeof enclaveModes)[number];

export interface EnclaveEpoch {
  readonly epoch: number;
  readonly key: PublicKey;
  readonly sign: XOnlyKey;
}

export interface IdentityDocument {
  readonly mode: EnclaveMode;
  readonly id: number;
  /** Ascending by epoch. */
  readonly keys: readonly EnclaveEpoch[];
  /** ARN of the KMS key that seals the identity. */
  readonly kms: string;
  /** SHA-256 of the enclave's configuration. */
  readonly config: Hash32;
  readonly protocols: readonly number[];
  readonly software: string;
  readonly boot: Id16;
}

export const identityUserData = (identity: Uint8Array): Uint8Array => taggedHash('KeyMeld/v1/identity', identity);

export function parseIdentity(bytes: Uint8Array): IdentityDocument {
  const reader = new StrictCborReader(bytes, 'identity document', limits.identityBytes);
  const map = reader.versionedMap();
  reader.key(map, 'id');
  const id = reader.int();
  reader.key(map, 'kms');
  const kms = reader.text(2048);
  reader.key(map, 'boot');
  const boot = reader.id();
  reader.key(map, 'keys');
  const keys = reader.list(1, limits.identityBytes, () => readEpoch(reader));
  reader.key(map, 'mode');
  const mode = reader.word(enclaveModes);
  reader.key(map, 'config');
  const config = reader.hash();
  reader.key(map, 'purpose');
  reader.word(['identity']);
  reader.key(map, 'software');
  const software = reader.text(limits.labelBytes);
  reader.key(map, 'protocols');
  const protocols = reader.indexes(1, 256);
  reader.endMap(map);
  reader.end();
  rules.ascending(keys.map((one) => one.epoch), 2 ** 31, 'epochs');
  return { mode, id, keys, kms, config, protocols, software, boot };
}

function readEpoch(reader: StrictCborReader): EnclaveEpoch {
  const map = reader.map();
  reader.key(map, 'key');
  const key = reader.publicKey();
  reader.key(map, 'sign');
  const sign = reader.xOnlyKey();
  reader.key(map, 'epoch');
  const epoch = reader.int();
  reader.endMap(map);
  return { epoch, key, sign };
}
