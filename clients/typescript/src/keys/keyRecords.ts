import type { Hash32 } from '../bytes/ids.js';
import type { SecretKey } from '../crypto/secretKey.js';
import { KeyMeldError } from '../errors/keyMeldError.js';
import type { Profile } from '../profile/profile.js';
import { type KeyRecord, checkKeyRecord } from '../profile/records.js';
import { secretNames } from '../profile/secretNames.js';

const nameOf = (key: Hash32): string => `key/${key}`;

/** The keys of a profile. */
export class KeyRecords {
  readonly profile: Profile;

  constructor(profile: Profile) {
    this.profile = profile;
  }

  async get(key: Hash32): Promise<KeyRecord> {
    const record = await this.profile.find(nameOf(key), checkKeyRecord);
    if (record === undefined) {
      throw new KeyMeldError('not_found', `This profile does not know the key ${key}.`);
    }
    return record;
  }

  list(): Promise<KeyRecord[]> {
    return this.profile.list('key/', checkKeyRecord);
  }

  update(key: Hash32, change: (stored: KeyRecord | undefined) => KeyRecord): Promise<KeyRecord> {
    return this.profile.update(nameOf(key), checkKeyRecord, change);
  }

  async forget(key: Hash32): Promise<void> {
    await this.profile.remove(nameOf(key));
    await this.forgetSecrets(key);
  }

  async forgetSecrets(key: Hash32): Promise<void> {
    await this.profile.removeSecrets((name) => name === secretNames.keyAuthorisation(key) || name === secretNames.keyResponse(key));
  }

  /** The caller wipes it. */
  async authorisation(key: Hash32): Promise<SecretKey> {
    const found = await this.profile.findKey(secretNames.keyAuthorisation(key));
    if (found === undefined) {
      throw new KeyMeldError('not_found', `This profile has no authorisation key for ${key}: it was erased, or is another profile's.`);
    }
    return found;
  }
}
