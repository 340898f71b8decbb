// protocol.md section 5: receipt = TH("KeyMeld/v1/loaded", CBOR [ρ, enclave index, K]) by the enclave's statement key.
import type { Hash32, Signature } from '../bytes/ids.js';
import { CborEncoder } from '../cbor/encoder.js';
import { taggedHash } from '../crypto/hashes.js';
import { verifySchnorr } from '../crypto/publicKeys.js';
import { KeyMeldError } from '../errors/keyMeldError.js';
import type { Roster } from './roster.js';

export interface Receipt {
  readonly enclave: number;
  readonly signature: Signature;
}

export const receiptDigest = (roster: Hash32, enclave: number, outputKeys: Hash32): Uint8Array =>
  taggedHash('KeyMeld/v1/loaded', new CborEncoder().array(3).hex(roster).number(enclave).hex(outputKeys).toBytes());

/** Every enclave of the manifest confirmed exactly this roster and these keys. */
export function verifyReceipts(roster: Roster, receipts: readonly Receipt[]): void {
  const enclaves = roster.manifest.value.enclaves;
  if (receipts.length !== enclaves.length) {
    throw new KeyMeldError('receipt_invalid', `There are ${receipts.length} receipts of ${enclaves.length} enclaves.`);
  }
  enclaves.forEach((enclave, index) => {
    // As many receipts as enclaves, one of each: then there is no other.
    const own = receipts.find((receipt) => receipt.enclave === index);
    if (own === undefined || !verifySchnorr(enclave.sign, receiptDigest(roster.rosterHash, index, roster.outputKeysHash), own.signature)) {
      throw new KeyMeldError('receipt_invalid', `Enclave ${index} did not confirm this roster and these keys.`);
    }
  });
}
