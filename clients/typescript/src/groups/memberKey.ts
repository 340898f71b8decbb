// protocol.md sections 5 and 10: B = CBOR [manifest hash, user, enclave index or null, auth, approval, source]; member_key = session-encrypted 33-byte key ‖ proof;
// proof = BIP-340 by the member key over TH("KeyMeld/v1/pop", B ‖ 33-byte key).
import { concat } from '../bytes/bytes.js';
import { fromHex } from '../bytes/hex.js';
import type { Hash32, PublicKey, Signature } from '../bytes/ids.js';
import { CborEncoder } from '../cbor/encoder.js';
import { taggedHash } from '../crypto/hashes.js';
import { seal } from '../crypto/hpke.js';
import { publicKey, signature, toXOnly, verifySchnorr } from '../crypto/publicKeys.js';
import type { SecretKey } from '../crypto/secretKey.js';
import { wiping } from '../crypto/secrets.js';
import { KeyMeldError } from '../errors/keyMeldError.js';
import type { Registration } from '../statements/registration.js';
import { aad, purposes } from './aad.js';
import type { SessionSecret } from './sessionSecret.js';

/** What a member says of its key before the key itself: the bytes B. */
export function memberBinding(registration: Omit<Registration, 'memberKey' | 'envelope'>, enclave: number | undefined): Uint8Array {
  const encoder = new CborEncoder().array(6).hex(registration.manifest).hex(registration.user);
  enclave === undefined ? encoder.null() : encoder.number(enclave);
  return encoder.hex(registration.auth).boolean(registration.approval).text(registration.source).toBytes();
}

/** A member key and the proof that its owner has the secret. */
export interface ProvenKey {
  readonly key: PublicKey;
  readonly proof: Signature;
}

export const proofDigest = (binding: Uint8Array, key: PublicKey): Uint8Array => taggedHash('KeyMeld/v1/pop', binding, fromHex(key));

export const proveKey = (secret: SecretKey, binding: Uint8Array): ProvenKey => ({ key: secret.publicKey, proof: secret.signSchnorr(proofDigest(binding, secret.publicKey)) });

export const isProven = (binding: Uint8Array, member: ProvenKey): boolean => verifySchnorr(toXOnly(member.key), proofDigest(binding, member.key), member.proof);

/** For the registration. */
export const encryptMemberKey = (session: SessionSecret, manifest: Hash32, binding: Uint8Array, member: ProvenKey): Uint8Array =>
  session.encrypt(manifest, purposes.memberKey, aad.bound(purposes.memberKey, binding), concat(fromHex(member.key), fromHex(member.proof)));

/** Opens a registration's member key and verifies its proof. */
export function openMemberKey(session: SessionSecret, manifest: Hash32, binding: Uint8Array, wire: Uint8Array): ProvenKey {
  const plaintext = session.decrypt(manifest, purposes.memberKey, aad.bound(purposes.memberKey, binding), wire);
  if (plaintext?.length !== 33 + 64) {
    throw new KeyMeldError('registration_invalid', "The registration's member key does not open with the group's secret in this place.");
  }
  const key = publicKey(plaintext.slice(0, 33));
  if (key === undefined) {
    throw new KeyMeldError('registration_invalid', "The registration's member key is not on the curve.");
  }
  const member = { key, proof: signature(plaintext.slice(33)) };
  if (!isProven(binding, member)) {
    throw new KeyMeldError('pop_invalid', "The registration's proof of possession does not verify.");
  }
  return member;
}

/** The member secret for its enclave. */
export const sealMemberKey = (enclave: PublicKey, binding: Uint8Array, member: SecretKey): Uint8Array =>
  wiping(member.export(), (secret) => seal(enclave, purposes.memberKey, aad.bound(purposes.memberKey, binding), secret));
