// protocol.md section 5: the complete, verified set of registrations, and the keys it makes.
// ρ = TH("KeyMeld/v1/roster", manifest hash ‖ CBOR array in manifest order of SHA-256(registration bytes)).
import { fromHex } from '../bytes/hex.js';
import type { Hash32, Id16, XOnlyKey } from '../bytes/ids.js';
import { CborEncoder } from '../cbor/encoder.js';
import { taggedHex } from '../crypto/hashes.js';
import type { KeyAggregation } from '../crypto/keyAggregation.js';
import { KeyMeldError } from '../errors/keyMeldError.js';
import type { Manifest } from '../statements/manifest.js';
import type { Signed, SignedStatement } from '../statements/signed.js';
import type { Terms } from '../statements/terms.js';
import type { TweakChain } from '../statements/tweakChain.js';
import { GroupKeys } from './groupKeys.js';
import { RegistrationVerifier, type RosterMember } from './registrationVerifier.js';
import type { SessionSecret } from './sessionSecret.js';
import { openTerms } from './termsEnvelope.js';

const fingerprintDigits = 40;

export class Roster {
  readonly manifest: Signed<Manifest>;
  readonly terms: Terms;
  readonly members: readonly RosterMember[];
  /** ρ. */
  readonly rosterHash: Hash32;
  /** K, which receipts are about. */
  readonly outputKeysHash: Hash32;
  readonly #keys: GroupKeys;

  private constructor(manifest: Signed<Manifest>, terms: Terms, members: readonly RosterMember[], session: SessionSecret) {
    this.manifest = manifest;
    this.terms = terms;
    this.members = members;
    this.rosterHash = rosterHash(manifest.digest, members.map((member) => member.registration.hash));
    this.#keys = new GroupKeys(manifest.value, terms, members.map((member) => member.key));
    this.outputKeysHash = session.commit('output-keys', hexArray(this.outputKeys));
  }

  /** Verifies everything; there is one registration for each place, in the order of the manifest. */
  static verify(manifest: Signed<Manifest>, terms: Uint8Array, session: SessionSecret, registrations: readonly SignedStatement[]): Roster {
    const opened = openTerms(manifest, session, terms);
    const count = manifest.value.participants.length;
    if (registrations.length !== count) {
      throw new KeyMeldError('group_not_formed', `There are ${registrations.length} registrations for ${count} places.`);
    }
    const verifier = new RegistrationVerifier(manifest, session);
    const members = registrations.map((registration, place) => {
      const member = verifier.admit(registration);
      if (member.index !== place) {
        throw new KeyMeldError('registration_invalid', 'The registrations are not in the order of the manifest.');
      }
      return member;
    });
    return new Roster(manifest, opened, members, session);
  }

  get manifestHash(): Hash32 {
    return this.manifest.digest;
  }

  /** The first 20 bytes of ρ: 40 hex digits, never fewer. */
  get fingerprint(): string {
    return this.rosterHash.slice(0, fingerprintDigits);
  }

  /** The group's, then each subset's in manifest order. */
  get outputKeys(): readonly XOnlyKey[] {
    return this.#keys.outputKeys;
  }

  signersOf(subset: Id16 | undefined): readonly number[] {
    return this.#keys.signersOf(subset);
  }

  chainOf(subset: Id16 | undefined, tweaks: TweakChain | undefined): TweakChain {
    return this.#keys.chainOf(subset, tweaks);
  }

  keysOf(subset: Id16 | undefined, tweaks: TweakChain | undefined): KeyAggregation {
    return this.#keys.of(subset, tweaks);
  }
}

export const rosterHash = (manifest: Hash32, registrations: readonly Hash32[]): Hash32 => taggedHex('KeyMeld/v1/roster', fromHex(manifest), hexArray(registrations));

function hexArray(values: readonly string[]): Uint8Array {
  const encoder = new CborEncoder().array(values.length);
  values.forEach((value) => encoder.hex(value));
  return encoder.toBytes();
}
