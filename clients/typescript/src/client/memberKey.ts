import { SecretKey } from '../crypto/secretKey.js';
import type { PublicKey } from '../bytes/ids.js';
import type { Wipeable } from '../crypto/secrets.js';
import { KeyMeldError } from '../errors/keyMeldError.js';

/** The key somebody brings into a group. {@link wipe} it after joining; what the profile keeps it keeps itself. */
export class MemberKey implements Wipeable {
  /** @internal */ readonly secret: SecretKey | undefined;
  /** Drawn here, so the profile keeps it. */
  readonly isGenerated: boolean;

  private constructor(secret: SecretKey | undefined, isGenerated: boolean) {
    this.secret = secret;
    this.isGenerated = isGenerated;
  }

  /** A fresh key; the profile keeps a copy, from which the group can be made again. */
  static generate(): MemberKey {
    return new MemberKey(SecretKey.generate(), true);
  }

  /** Copies a secret of 32 bytes; the caller keeps it safe, and wipes its own copy. Where the place signs at home the profile keeps it too. */
  static import(secret: Uint8Array): MemberKey {
    const key = SecretKey.tryImport(secret);
    if (key === undefined) {
      throw new KeyMeldError('key_file_invalid', 'A member key is 32 bytes, not zero and below the order of secp256k1.');
    }
    return new MemberKey(key, false);
  }

  /** Only the enclave ever has it: it is lost with the enclave's identity key. */
  static madeByEnclave(): MemberKey {
    return new MemberKey(undefined, false);
  }

  get publicKey(): PublicKey | undefined {
    return this.secret?.publicKey;
  }

  wipe(): void {
    this.secret?.wipe();
  }
}
