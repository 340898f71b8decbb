// protocol.md section 5, everything an enclave and every client check of a registration: alone, and against all that were accepted before it.
import { at } from '../bytes/bytes.js';
import type { XOnlyKey } from '../bytes/ids.js';
import { toXOnly } from '../crypto/publicKeys.js';
import { KeyMeldError } from '../errors/keyMeldError.js';
import type { Manifest } from '../statements/manifest.js';
import { type Registration, registrationKind } from '../statements/registration.js';
import { type Signed, type SignedStatement, readStatement } from '../statements/signed.js';
import { type ProvenKey, memberBinding, openMemberKey } from './memberKey.js';
import type { SessionSecret } from './sessionSecret.js';

/** A member whose registration verified. */
export interface RosterMember extends ProvenKey {
  readonly index: number;
  readonly enclave: number | undefined;
  readonly registration: Signed<Registration>;
}

export class RegistrationVerifier {
  readonly #manifest: Signed<Manifest>;
  readonly #session: SessionSecret;
  readonly #taken = new Set<number>();
  // Creator, admission, authorisation and member keys, pairwise distinct as x-only keys. The manifest has checked its own.
  readonly #keys: Set<XOnlyKey>;

  constructor(manifest: Signed<Manifest>, session: SessionSecret) {
    this.#manifest = manifest;
    this.#session = session;
    this.#keys = new Set([manifest.value.creator, ...manifest.value.participants.map((participant) => participant.admission)]);
  }

  admit(statement: SignedStatement): RosterMember {
    const { index, enclave, registration } = this.#verifyPlace(statement);
    if (this.#taken.has(index)) {
      throw new KeyMeldError('slot_taken', `Place ${index} is taken already.`);
    }
    const member = openMemberKey(this.#session, this.#manifest.digest, memberBinding(registration.value, enclave), registration.value.memberKey);
    const [auth, own] = [registration.value.auth, toXOnly(member.key)];
    if (auth === own || this.#keys.has(auth) || this.#keys.has(own)) {
      throw new KeyMeldError('key_reused', `The registration of place ${index} uses a key that has another role in this group.`);
    }
    this.#keys.add(auth).add(own);
    this.#taken.add(index);
    return { index, enclave, registration, ...member };
  }

  // What anybody can check: place, signatures, form.
  #verifyPlace(statement: SignedStatement): { index: number; enclave: number | undefined; registration: Signed<Registration> } {
    const read = readStatement(registrationKind, statement);
    requireValid(read.value.manifest === this.#manifest.digest, 'The registration is for another group.');
    const places = this.#manifest.value.participants;
    const index = places.findIndex((participant) => participant.user === read.value.user);
    requireValid(index >= 0, 'The manifest has no place for this user.');
    const { admission, enclave } = at(places, index);
    requireValid((read.value.source === 'home') === (enclave === undefined), 'A key is kept at home exactly when the place has no enclave.');
    return { index, enclave, registration: read.verify('registration_invalid', admission, read.value.auth) };
  }
}

function requireValid(holds: boolean, otherwise: string): void {
  if (!holds) {
    throw new KeyMeldError('registration_invalid', otherwise);
  }
}
