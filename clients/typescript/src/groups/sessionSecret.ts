// protocol.md section 2, "session encryption": key = HKDF-SHA256(ikm = session secret, salt = manifest hash, info = "KeyMeld/v1/session/<purpose>" ‖ 0x00 ‖ SHA-256(aad)).
import { concat, utf8 } from '../bytes/bytes.js';
import { fromHex } from '../bytes/hex.js';
import { type Hash32, hash32 } from '../bytes/ids.js';
import { decryptWire, encryptWire } from '../crypto/aesGcmWire.js';
import { deriveKey } from '../crypto/derivation.js';
import { sha256, taggedHash } from '../crypto/hashes.js';
import { randomBytes } from '../crypto/random.js';
import { type Wipeable, wipeBytes, wiping } from '../crypto/secrets.js';
import { KeyMeldError } from '../errors/keyMeldError.js';

/** The secret of a group, 32 bytes: whoever has it reads the group's messages and results. */
export class SessionSecret implements Wipeable {
  readonly #bytes: Uint8Array;

  private constructor(bytes: Uint8Array) {
    this.#bytes = bytes;
  }

  static generate(): SessionSecret {
    return new SessionSecret(randomBytes(32));
  }

  /** Copies; the caller wipes its own. */
  static import(bytes: Uint8Array): SessionSecret {
    if (bytes.length !== 32) {
      throw new KeyMeldError('session_secret_unreadable', 'A session secret has 32 bytes.');
    }
    return new SessionSecret(Uint8Array.from(bytes));
  }

  /** A copy; the caller wipes it. */
  export(): Uint8Array {
    return Uint8Array.from(this.#bytes);
  }

  /** TH("KeyMeld/v1/" + name, secret ‖ data). */
  commit(name: string, data: Uint8Array): Hash32 {
    return hash32(taggedHash(`KeyMeld/v1/${name}`, this.#bytes, data));
  }

  encrypt(manifest: Hash32, purpose: string, aad: Uint8Array, plaintext: Uint8Array): Uint8Array {
    return wiping(this.deriveKey(manifest, purpose, aad), (key) => encryptWire(key, aad, plaintext));
  }

  /** Undefined when it does not open for this group, purpose and aad. */
  decrypt(manifest: Hash32, purpose: string, aad: Uint8Array, wire: Uint8Array): Uint8Array | undefined {
    return wiping(this.deriveKey(manifest, purpose, aad), (key) => decryptWire(key, aad, wire));
  }

  /** The key for one purpose and aad; the caller wipes it. */
  deriveKey(manifest: Hash32, purpose: string, aad: Uint8Array): Uint8Array {
    return deriveKey(this.#bytes, fromHex(manifest), concat(utf8(`KeyMeld/v1/session/${purpose}`), Uint8Array.of(0), sha256(aad)));
  }

  wipe(): void {
    wipeBytes(this.#bytes);
  }

  toJSON(): string {
    return 'SessionSecret';
  }
}
