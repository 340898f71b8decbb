/** Where a profile keeps its entries: names to bytes that the profile has encrypted. A `put` is whole or not there, and it lasts. */
export interface Store {
  get(name: string): Promise<Uint8Array | undefined>;
  put(name: string, value: Uint8Array): Promise<void>;
  remove(name: string): Promise<void>;
  names(): Promise<readonly string[]>;
}

/** Keeps entries for as long as the process or the page lives. */
export class MemoryStore implements Store {
  readonly #entries = new Map<string, Uint8Array>();

  get(name: string): Promise<Uint8Array | undefined> {
    return Promise.resolve(this.#entries.get(name)?.slice());
  }

  put(name: string, value: Uint8Array): Promise<void> {
    this.#entries.set(name, value.slice());
    return Promise.resolve();
  }

  remove(name: string): Promise<void> {
    this.#entries.delete(name);
    return Promise.resolve();
  }

  names(): Promise<readonly string[]> {
    return Promise.resolve([...this.#entries.keys()]);
  }
}
