import type { Store } from '../profile/store.js';

const entries = 'entries';

/** Keeps a profile's entries in a database of the page's origin (Indexed Database API). A `put` is on its way to the disk when it returns (`durability: strict`). */
export class IndexedDbStore implements Store {
  readonly #database: IDBDatabase;

  private constructor(database: IDBDatabase) {
    this.#database = database;
  }

  static async open(name: string): Promise<IndexedDbStore> {
    const request = indexedDB.open(name, 1);
    request.onupgradeneeded = (): void => {
      request.result.createObjectStore(entries);
    };
    return new IndexedDbStore(await settled(request));
  }

  async get(name: string): Promise<Uint8Array | undefined> {
    const value: unknown = await settled(this.#read().get(name));
    return value instanceof Uint8Array ? value : undefined;
  }

  async put(name: string, value: Uint8Array): Promise<void> {
    await this.#write((store) => store.put(value, name));
  }

  async remove(name: string): Promise<void> {
    await this.#write((store) => store.delete(name));
  }

  async names(): Promise<readonly string[]> {
    return (await settled(this.#read().getAllKeys())).filter((key) => typeof key === 'string');
  }

  close(): void {
    this.#database.close();
  }

  #read(): IDBObjectStore {
    return this.#database.transaction(entries, 'readonly').objectStore(entries);
  }

  #write(change: (store: IDBObjectStore) => void): Promise<void> {
    const transaction = this.#database.transaction(entries, 'readwrite', { durability: 'strict' });
    change(transaction.objectStore(entries));
    return new Promise((resolve, reject) => {
      transaction.oncomplete = (): void => resolve();
      transaction.onabort = transaction.onerror = (): void => reject(transaction.error ?? new Error('The browser did not keep the entry.'));
    });
  }
}

function settled<T>(request: IDBRequest<T>): Promise<T> {
  return new Promise((resolve, reject) => {
    request.onsuccess = (): void => resolve(request.result);
    request.onerror = (): void => reject(request.error ?? new Error('The browser did not open its database.'));
  });
}
