import { at } from '../bytes/bytes.js';
import type { Hash32, Id16, PublicKey, XOnlyKey } from '../bytes/ids.js';
import { KeyMeldError } from '../errors/keyMeldError.js';
import type { Roster } from '../groups/roster.js';
import { showText } from '../http/untrustedText.js';
import { type BitcoinNetwork, taprootAddress } from '../bitcoin/address.js';
import type { GroupRecord } from '../profile/records.js';
import type { Manifest } from '../statements/manifest.js';
import type { KeySource } from '../statements/registration.js';
import type { TweakChain } from '../statements/tweakChain.js';

export interface GroupMember {
  readonly index: number;
  readonly user: Id16;
  readonly authorisationKey: XOnlyKey;
  readonly memberKey: PublicKey;
  /** Whether its approval is needed whenever its key signs. */
  readonly approval: boolean;
  /** Index of its enclave in the manifest; undefined at home. */
  readonly enclave: number | undefined;
  readonly source: KeySource;
}

export interface GroupSubset {
  readonly id: Id16;
  readonly members: readonly number[];
  readonly tweaks: TweakChain;
  readonly outputKey: XOnlyKey;
}

/** A formed group, verified: every registration, every key recomputed, every enclave's receipt. */
export class Group {
  readonly roster: Roster;
  readonly gateway: string;
  readonly myIndex: number | undefined;
  readonly isCreator: boolean;

  constructor(record: GroupRecord, roster: Roster) {
    this.roster = roster;
    this.gateway = record.gateway;
    this.myIndex = record.registration === undefined ? undefined : record.place;
    this.isCreator = record.isCreator;
  }

  get id(): Hash32 {
    return this.roster.manifestHash;
  }

  get manifest(): Manifest {
    return this.roster.manifest.value;
  }

  get label(): string | undefined {
    return this.roster.terms.label === undefined ? undefined : showText(this.roster.terms.label);
  }

  get rosterHash(): Hash32 {
    return this.roster.rosterHash;
  }

  /** 40 hex digits, to be compared with the other members out of band. */
  get fingerprint(): string {
    return this.roster.fingerprint;
  }

  /** What signatures of all members verify under. */
  get outputKey(): XOnlyKey {
    return at(this.roster.outputKeys, 0);
  }

  get members(): readonly GroupMember[] {
    return this.roster.members.map(({ index, enclave, key, registration: { value } }) =>
      ({ index, user: value.user, authorisationKey: value.auth, memberKey: key, approval: value.approval, enclave, source: value.source }));
  }

  get subsets(): readonly GroupSubset[] {
    return this.manifest.subsets.map((subset, index) => ({ ...subset, tweaks: this.roster.chainOf(subset.id, undefined), outputKey: at(this.roster.outputKeys, 1 + index) }));
  }

  get approvers(): readonly number[] {
    return this.manifest.approvals.members;
  }

  get threshold(): number {
    return this.manifest.approvals.threshold;
  }

  outputKeyOf(subset: Id16): XOnlyKey {
    const found = this.subsets.find((candidate) => candidate.id === subset);
    if (found === undefined) {
      throw new KeyMeldError('bad_request', `The group has no subset ${subset}.`);
    }
    return found.outputKey;
  }

  /** The taproot address of the group's output key, or of a subset's. */
  address(network: BitcoinNetwork, subset?: Id16): string {
    return taprootAddress(subset === undefined ? this.outputKey : this.outputKeyOf(subset), network);
  }

  /** Compares with the full roster hash that another member has. */
  matchesRoster(other: string): boolean {
    return this.rosterHash === other;
  }
}
