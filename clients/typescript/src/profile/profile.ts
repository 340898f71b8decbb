import { fromUtf8, utf8 } from '../bytes/bytes.js';
import { CborEncoder } from '../cbor/encoder.js';
import { decryptWire, encryptWire } from '../crypto/aesGcmWire.js';
import { randomBytes } from '../crypto/random.js';
import { SecretKey } from '../crypto/secretKey.js';
import { type Wipeable, wipeBytes, wiping } from '../crypto/secrets.js';
import { KeyMeldError } from '../errors/keyMeldError.js';
import type { Check } from '../http/check.js';
import { makeProfileKey, openProfileKey } from './profileKey.js';
import { MemoryStore, type Store } from './store.js';

const header = 'profile';
const secrets = 'secret/';

/**
 * What a person keeps: groups, signings, keys, pinned enclaves, and the secrets that go with them. Every entry is encrypted and bound to its name (AES-256-GCM); only names
 * are readable in the store. One process or page works with a profile at a time.
 */
export class Profile implements Wipeable {
  readonly #store: Store;
  readonly #key: Uint8Array;
  #last: Promise<unknown> = Promise.resolve();

  private constructor(store: Store, key: Uint8Array) {
    this.#store = store;
    this.#key = key;
  }

  /** A profile that is gone with the process. */
  static inMemory(): Profile {
    return new Profile(new MemoryStore(), randomBytes(32));
  }

  /** Makes a profile in an empty store. The caller wipes the passphrase. */
  static async create(store: Store, passphrase: Uint8Array): Promise<Profile> {
    if ((await store.names()).length > 0) {
      throw new KeyMeldError('profile_invalid', 'There is a profile already.');
    }
    const made = await makeProfileKey(passphrase);
    await store.put(header, made.header);
    return new Profile(store, made.key);
  }

  /** Opens the profile in a store. The caller wipes the passphrase. */
  static async open(store: Store, passphrase: Uint8Array): Promise<Profile> {
    const kept = await store.get(header);
    if (kept === undefined) {
      throw new KeyMeldError('profile_invalid', 'There is no profile.');
    }
    return new Profile(store, await openProfileKey(kept, passphrase));
  }

  async find<T>(name: string, check: Check<T>): Promise<T | undefined> {
    const bytes = await this.#read(name);
    if (bytes === undefined) {
      return undefined;
    }
    try {
      return check(JSON.parse(fromUtf8(bytes) ?? '') as unknown);
    } catch (error) {
      throw new KeyMeldError('profile_invalid', `The profile's record ${name} is damaged.`, { cause: error });
    }
  }

  async list<T>(prefix: string, check: Check<T>): Promise<T[]> {
    const found = await Promise.all((await this.#names(prefix)).map((name) => this.find(name, check)));
    return found.filter((record) => record !== undefined);
  }

  /** Changes one record; updates of a profile come one after the other. Undefined removes it. */
  async update<T, R extends T | undefined>(name: string, check: Check<T>, change: (stored: T | undefined) => R): Promise<R> {
    const updated = this.#last.then(async () => {
      const record = change(await this.find(name, check));
      await (record === undefined ? this.#store.remove(name) : this.#write(name, utf8(JSON.stringify(record))));
      return record;
    });
    this.#last = updated.catch(() => undefined);
    return await updated;
  }

  async remove(name: string): Promise<void> {
    await this.#store.remove(name);
  }

  /** Stores a secret and wipes what was given. */
  async putSecret(name: string, secret: Uint8Array): Promise<void> {
    await wiping(secret, (bytes) => this.#write(secrets + name, bytes));
  }

  /** A copy; the caller wipes it. */
  async findSecret(name: string): Promise<Uint8Array | undefined> {
    return await this.#read(secrets + name);
  }

  /** The caller wipes it. */
  async findKey(name: string): Promise<SecretKey | undefined> {
    const secret = await this.findSecret(name);
    if (secret === undefined) {
      return undefined;
    }
    const key = wiping(secret, (bytes) => SecretKey.tryImport(bytes));
    if (key === undefined) {
      throw new KeyMeldError('profile_invalid', `The profile's secret ${name} is no key.`);
    }
    return key;
  }

  /** Names of the secrets that begin so. */
  async secretNames(prefix = ''): Promise<string[]> {
    return (await this.#names(secrets + prefix)).map((name) => name.slice(secrets.length));
  }

  async removeSecrets(isGone: (name: string) => boolean): Promise<void> {
    for (const name of (await this.secretNames()).filter(isGone)) {
      await this.#store.remove(secrets + name);
    }
  }

  /** Wipes the key; the profile cannot be used any more. */
  wipe(): void {
    wipeBytes(this.#key);
  }

  async #names(prefix: string): Promise<string[]> {
    return (await this.#store.names()).filter((name) => name.startsWith(prefix)).sort();
  }

  async #read(name: string): Promise<Uint8Array | undefined> {
    const wire = await this.#store.get(name);
    if (wire === undefined) {
      return undefined;
    }
    const bytes = decryptWire(this.#key, entryAad(name), wire);
    if (bytes === undefined) {
      throw new KeyMeldError('profile_invalid', `The profile's entry ${name} does not open: it is damaged, or another entry's.`);
    }
    return bytes;
  }

  async #write(name: string, bytes: Uint8Array): Promise<void> {
    await this.#store.put(name, encryptWire(this.#key, entryAad(name), bytes));
  }
}

const entryAad = (name: string): Uint8Array => new CborEncoder().array(2).text('KeyMeld profile').text(name).toBytes();
