import type { Hash32 } from '../bytes/ids.js';
import type { Profile } from '../profile/profile.js';
import { type SigningRecord, checkSigningRecord } from '../profile/records.js';

const nameOf = (request: Hash32): string => `signing/${request}`;

/** The signings of a profile. */
export class SigningRecords {
  readonly #profile: Profile;

  constructor(profile: Profile) {
    this.#profile = profile;
  }

  find(request: Hash32): Promise<SigningRecord | undefined> {
    return this.#profile.find(nameOf(request), checkSigningRecord);
  }

  list(): Promise<SigningRecord[]> {
    return this.#profile.list('signing/', checkSigningRecord);
  }

  update<R extends SigningRecord | undefined>(request: Hash32, change: (stored: SigningRecord | undefined) => R): Promise<R> {
    return this.#profile.update(nameOf(request), checkSigningRecord, change);
  }

  remove(request: Hash32): Promise<void> {
    return this.#profile.remove(nameOf(request));
  }
}
