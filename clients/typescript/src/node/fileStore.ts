import { mkdir, open, readFile, readdir, rename, rm } from 'node:fs/promises';
import { join } from 'node:path';
import type { Store } from '../profile/store.js';

const suffix = '.entry';

/** Keeps a profile's entries as files of one folder, readable by their owner only. An entry is replaced in one step, and on the disk before `put` returns. */
export class FileStore implements Store {
  readonly #folder: string;

  private constructor(folder: string) {
    this.#folder = folder;
  }

  /** Makes the folder if there is none. */
  static async open(folder: string): Promise<FileStore> {
    await mkdir(folder, { recursive: true, mode: 0o700 });
    return new FileStore(folder);
  }

  async get(name: string): Promise<Uint8Array | undefined> {
    try {
      return new Uint8Array(await readFile(this.#path(name)));
    } catch (error) {
      if (isMissing(error)) {
        return undefined;
      }
      throw error;
    }
  }

  async put(name: string, value: Uint8Array): Promise<void> {
    const path = this.#path(name);
    const temporary = `${path}.${process.pid}.new`;
    const file = await open(temporary, 'w', 0o600);
    try {
      await file.writeFile(value);
      await file.sync();
    } finally {
      await file.close();
    }
    await rename(temporary, path);
    const folder = await open(this.#folder, 'r');
    try {
      await folder.sync();
    } finally {
      await folder.close();
    }
  }

  async remove(name: string): Promise<void> {
    await rm(this.#path(name), { force: true });
  }

  async names(): Promise<readonly string[]> {
    return (await readdir(this.#folder)).filter((file) => file.endsWith(suffix)).map((file) => decodeURIComponent(file.slice(0, -suffix.length)));
  }

  // Names have slashes; what is encoded has none, and no name becomes another's file.
  #path(name: string): string {
    return join(this.#folder, encodeURIComponent(name) + suffix);
  }
}

const isMissing = (error: unknown): boolean => error instanceof Error && 'code' in error && error.code === 'ENOENT';
