import { at } from '../bytes/bytes.js';
import type { Hash32, Id16, XOnlyKey } from '../bytes/ids.js';
import type { SecretKey } from '../crypto/secretKey.js';
import type { Wipeable } from '../crypto/secrets.js';
import { KeyMeldError } from '../errors/keyMeldError.js';
import { openTerms } from '../groups/termsEnvelope.js';
import type { SessionSecret } from '../groups/sessionSecret.js';
import { showText } from '../http/untrustedText.js';
import type { EnclaveKeys } from '../statements/enclaveKeys.js';
import { type Manifest, manifestKind } from '../statements/manifest.js';
import { type Signed, type SignedStatement, readStatement } from '../statements/signed.js';
import type { Terms } from '../statements/terms.js';
import { TweakChain } from '../statements/tweakChain.js';

/** A manifest that its creator signed. */
export function verifyManifest(statement: SignedStatement): Signed<Manifest> {
  const read = readStatement(manifestKind, statement);
  return read.verify('manifest_invalid', read.value.creator);
}

/** A group with its terms opened. */
export interface OpenedKeygen {
  readonly manifest: Signed<Manifest>;
  readonly termsWire: Uint8Array;
  readonly terms: Terms;
}

export function openKeygen(group: Hash32, statement: SignedStatement, termsWire: Uint8Array, session: SessionSecret): OpenedKeygen {
  const manifest = verifyManifest(statement);
  if (manifest.digest !== group) {
    throw new KeyMeldError('manifest_invalid', `The gateway shows the manifest ${manifest.digest} in place of ${group}.`);
  }
  return { manifest, termsWire, terms: openTerms(manifest, session, termsWire) };
}

/** What one is invited to, verified: look at it, then join. {@link wipe} it afterwards. */
export class GroupOffer implements Wipeable {
  readonly keygen: OpenedKeygen;
  readonly place: number;
  /** The group uses an older key epoch of an enclave. */
  readonly hasRetiredEpoch: boolean;
  /** @internal */ readonly admission: SecretKey;
  /** @internal */ readonly session: SessionSecret;

  constructor(keygen: OpenedKeygen, place: number, admission: SecretKey, session: SessionSecret, hasRetiredEpoch: boolean) {
    this.keygen = keygen;
    this.place = place;
    this.admission = admission;
    this.session = session;
    this.hasRetiredEpoch = hasRetiredEpoch;
  }

  get group(): Hash32 {
    return this.keygen.manifest.digest;
  }

  get manifest(): Manifest {
    return this.keygen.manifest.value;
  }

  /** As its creator called it. */
  get label(): string | undefined {
    return this.keygen.terms.label === undefined ? undefined : showText(this.keygen.terms.label);
  }

  get creator(): XOnlyKey {
    return this.manifest.creator;
  }

  get places(): number {
    return this.manifest.participants.length;
  }

  /** The enclave that is to have this member's key; undefined when the place signs at home. */
  get host(): EnclaveKeys | undefined {
    const { enclave } = at(this.manifest.participants, this.place);
    return enclave === undefined ? undefined : at(this.manifest.enclaves, enclave);
  }

  get approvers(): readonly number[] {
    return this.manifest.approvals.members;
  }

  get threshold(): number {
    return this.manifest.approvals.threshold;
  }

  get unattended(): boolean {
    return this.manifest.unattended;
  }

  /** What the group's key is tweaked with: look at the scripts. */
  get tweaks(): TweakChain {
    return this.keygen.terms.tweaks;
  }

  get subsets(): readonly { readonly id: Id16; readonly members: readonly number[]; readonly tweaks: TweakChain }[] {
    return this.manifest.subsets.map((subset) => ({ ...subset, tweaks: this.keygen.terms.subsets.get(subset.id) ?? TweakChain.empty }));
  }

  /** Every chain of the terms. */
  get chains(): readonly TweakChain[] {
    return [this.tweaks, ...this.keygen.terms.subsets.values()];
  }

  wipe(): void {
    this.admission.wipe();
    this.session.wipe();
  }

  toJSON(): string {
    return `GroupOffer of ${this.group}`;
  }
}
