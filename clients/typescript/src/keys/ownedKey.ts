// protocol.md section 7. BIP-86, BIP-341: what the key is after its tweak.
import { fromHex } from '../bytes/hex.js';
import type { Hash32, PublicKey, XOnlyKey } from '../bytes/ids.js';
import { type BitcoinNetwork, taprootAddress } from '../bitcoin/address.js';
import { toXOnly } from '../crypto/publicKeys.js';
import { taprootKey } from '../groups/tweaking.js';
import type { KeyStatement } from '../statements/keyStatement.js';
import type { Signed } from '../statements/signed.js';
import type { SingleTweak } from '../statements/singleSign.js';
import { showText } from '../http/untrustedText.js';

export interface OwnedKeyParts {
  readonly statement: Signed<KeyStatement>;
  readonly publicKey: PublicKey;
  readonly gateway: string;
  readonly label: string | undefined;
}

/** A key of this profile's owner that its enclave confirmed. */
export class OwnedKey {
  /** @internal */ readonly statement: Signed<KeyStatement>;
  readonly publicKey: PublicKey;
  readonly gateway: string;
  readonly label: string | undefined;

  constructor(parts: OwnedKeyParts) {
    this.statement = parts.statement;
    this.publicKey = parts.publicKey;
    this.gateway = parts.gateway;
    this.label = parts.label === undefined ? undefined : showText(parts.label);
  }

  /** SHA-256 of the key statement. */
  get id(): Hash32 {
    return this.statement.hash;
  }

  get source(): KeyStatement['source'] {
    return this.statement.value.source;
  }

  /** What BIP-340 signatures with this tweak verify under. */
  outputKey(tweak: SingleTweak): XOnlyKey {
    const key = toXOnly(this.publicKey);
    return tweak === 'none' ? key : taprootKey(key, tweak === 'bip86' ? undefined : fromHex(tweak));
  }

  /** The taproot address with BIP-86's tweak, or another. */
  address(network: BitcoinNetwork, tweak: SingleTweak = 'bip86'): string {
    return taprootAddress(this.outputKey(tweak), network);
  }
}
