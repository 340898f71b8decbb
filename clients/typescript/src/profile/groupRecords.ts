import type { Hash32, PublicKey } from '../bytes/ids.js';
import type { SecretKey } from '../crypto/secretKey.js';
import { wiping } from '../crypto/secrets.js';
import { KeyMeldError } from '../errors/keyMeldError.js';
import { toStatement } from '../http/answers.js';
import { SessionSecret } from '../groups/sessionSecret.js';
import { type Registration, registrationKind } from '../statements/registration.js';
import type { Profile } from './profile.js';
import { type GroupRecord, checkGroupRecord } from './records.js';
import { secretNames } from './secretNames.js';

const nameOf = (group: Hash32): string => `group/${group}`;

/** The groups of a profile, and their secrets. */
export class GroupRecords {
  readonly profile: Profile;

  constructor(profile: Profile) {
    this.profile = profile;
  }

  find(group: Hash32): Promise<GroupRecord | undefined> {
    return this.profile.find(nameOf(group), checkGroupRecord);
  }

  async get(group: Hash32): Promise<GroupRecord> {
    const record = await this.find(group);
    if (record === undefined) {
      throw new KeyMeldError('not_found', `This profile does not know the group ${group}.`);
    }
    return record;
  }

  list(): Promise<GroupRecord[]> {
    return this.profile.list('group/', checkGroupRecord);
  }

  update(group: Hash32, change: (stored: GroupRecord | undefined) => GroupRecord): Promise<GroupRecord> {
    return this.profile.update(nameOf(group), checkGroupRecord, change);
  }

  /** The group and all of its secrets. */
  async forget(group: Hash32): Promise<void> {
    await this.profile.remove(nameOf(group));
    await this.profile.removeSecrets((name) => name.startsWith(`${group}/`));
  }

  /** The caller wipes it. */
  async session(group: Hash32): Promise<SessionSecret> {
    const secret = await this.profile.findSecret(secretNames.session(group));
    return secret === undefined ? missing(group, 'session secret') : wiping(secret, (bytes) => SessionSecret.import(bytes));
  }

  /** The caller wipes it. */
  async creator(record: GroupRecord): Promise<SecretKey> {
    return (await this.profile.findKey(secretNames.creator(record.group))) ?? missing(record.group, 'creator key');
  }

  /** This profile's own registration. */
  registration(record: GroupRecord): Registration {
    if (record.registration === undefined) {
      throw new KeyMeldError('not_found', `This profile has no place in the group ${record.group}.`);
    }
    return registrationKind.parse(toStatement(record.registration).statement);
  }

  /** The caller wipes it. */
  async authorisation(record: GroupRecord): Promise<SecretKey> {
    const { auth } = this.registration(record);
    return (await this.profile.findKey(secretNames.authorisation(record.group, auth))) ?? missing(record.group, 'authorisation key');
  }

  /** The member key of the own place, where it is kept here; the caller wipes it. */
  async member(group: Hash32, key: PublicKey): Promise<SecretKey> {
    return (await this.profile.findKey(secretNames.member(group, key))) ?? missing(group, `member key ${key}`);
  }

  /** The key whose `Authorization` reads the group; the caller wipes it. */
  async reader(record: GroupRecord): Promise<SecretKey> {
    if (record.formed !== undefined && record.registration !== undefined) {
      return await this.authorisation(record);
    }
    return (await this.profile.findKey(secretNames.admission(record.group))) ?? (await this.creator(record));
  }
}

function missing(group: Hash32, what: string): never {
  throw new KeyMeldError('profile_invalid', `The profile lacks the ${what} of the group ${group}.`);
}
