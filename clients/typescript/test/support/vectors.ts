import { existsSync, readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { fromHex } from '#dist/bytes/hex.js';
import type { Hash32, Id16, PublicKey, Signature, XOnlyKey } from '#dist/bytes/ids.js';
import { SecretKey } from '#dist/crypto/secretKey.js';
import type { SignedStatement } from '#dist/statements/signed.js';

// From build/test/support.
const project = new URL('../../../../../', import.meta.url);
const shared = new URL('../shared/vectors/', project);

/** Why a test that needs them is skipped; false where they are. They have to be there where CI=true. */
export const sharedVectorsMissing: string | false = existsSync(shared) || process.env['CI'] === 'true' ? false : `${fileURLToPath(shared)} is not there`;

export const sharedBytes = (path: string): Uint8Array => new Uint8Array(readFileSync(new URL(path, shared)));

export const sharedText = (path: string): string => readFileSync(new URL(path, shared), 'utf8');

/** JSON of vectors, asked by paths: `at('roster.receipts.0.signature')`. */
export class Vectors {
  readonly value: unknown;

  constructor(value: unknown) {
    this.value = value;
  }

  static shared(path: string): Vectors {
    return new Vectors(JSON.parse(sharedText(path)) as unknown);
  }

  static own(): Vectors {
    return new Vectors(JSON.parse(readFileSync(new URL('vectors/protocol/keymeld-v1.json', project), 'utf8')) as unknown);
  }

  at(path: string): Vectors {
    let found = this.value;
    for (const name of path.split('.')) {
      found = (found as Readonly<Record<string, unknown>> | undefined)?.[name];
    }
    if (found === undefined) {
      throw new RangeError(`There is no ${path}.`);
    }
    return new Vectors(found);
  }

  has(name: string): boolean {
    return typeof this.value === 'object' && this.value !== null && name in this.value;
  }

  list(path?: string): Vectors[] {
    return ((path === undefined ? this : this.at(path)).value as readonly unknown[]).map((entry) => new Vectors(entry));
  }

  text(path: string): string {
    return String(this.at(path).value);
  }

  number(path: string): number {
    return Number(this.at(path).value);
  }

  bytes(path: string): Uint8Array {
    return fromHex(this.text(path));
  }

  hash(path: string): Hash32 {
    return this.text(path) as Hash32;
  }

  id(path: string): Id16 {
    return this.text(path) as Id16;
  }

  publicKey(path: string): PublicKey {
    return this.text(path) as PublicKey;
  }

  xOnly(path: string): XOnlyKey {
    return this.text(path) as XOnlyKey;
  }

  signature(path: string): Signature {
    return this.text(path) as Signature;
  }

  secret(path: string): SecretKey {
    const key = SecretKey.tryImport(this.bytes(path));
    if (key === undefined) {
      throw new RangeError(`${path} is no key.`);
    }
    return key;
  }

  /** A statement with all signatures there are for it. */
  statement(path: string): SignedStatement {
    return { statement: this.bytes(`${path}.bytes`), signatures: this.list(`${path}.signatures`).map((one) => one.signature('signature')) };
  }

  /** Every object anywhere in it that satisfies the condition. */
  find(condition: (one: Vectors) => boolean): Vectors[] {
    if (typeof this.value !== 'object' || this.value === null) {
      return [];
    }
    const own = !Array.isArray(this.value) && condition(this) ? [this] : [];
    return [...own, ...Object.values(this.value).flatMap((child: unknown) => new Vectors(child).find(condition))];
  }
}
