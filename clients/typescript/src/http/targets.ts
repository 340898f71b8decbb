import { toHex } from '../bytes/hex.js';
import type { Hash32 } from '../bytes/ids.js';

const api = '/api/v1';

/** What is called, as it is sent and signed. */
export const targets = {
  enclaves: `${api}/enclaves`,
  keygen: `${api}/keygen`,
  keys: `${api}/keys`,
  signings: `${api}/signing`,
  identity: (enclave: number, nonce: Uint8Array): string => `${api}/enclaves/${enclave}/identity?nonce=${toHex(nonce)}`,
  group: (group: Hash32): string => `${api}/keygen/${group}`,
  groupEvents: (group: Hash32): string => `${api}/keygen/${group}/events`,
  participants: (group: Hash32): string => `${api}/keygen/${group}/participants`,
  makeMemberKey: (group: Hash32): string => `${api}/keygen/${group}/make-key`,
  eraseGroup: (group: Hash32): string => `${api}/keygen/${group}/erase`,
  signing: (request: Hash32): string => `${api}/signing/${request}`,
  signingEvents: (request: Hash32): string => `${api}/signing/${request}/events`,
  approvals: (request: Hash32): string => `${api}/signing/${request}/approvals`,
  cancel: (request: Hash32): string => `${api}/signing/${request}/cancel`,
  rounds: (request: Hash32): string => `${api}/signing/${request}/rounds`,
  eraseKey: (key: Hash32): string => `${api}/keys/${key}/erase`,
  signWithKey: (key: Hash32): string => `${api}/keys/${key}/sign`,
} as const;
