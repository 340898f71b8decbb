import type { Hash32 } from '../bytes/ids.js';
import { loadGroup } from '../client/groupFormation.js';
import type { GroupOperations } from '../client/groupOperations.js';
import type { SigningOutcome } from '../client/signingOutcome.js';
import { SigningProgress } from '../client/signingProgress.js';
import { SigningRecords } from '../client/signingRecords.js';
import type { SigningReference } from '../client/signingReference.js';
import type { SigningReview } from '../client/signingReview.js';
import type { Wipeable } from '../crypto/secrets.js';
import type { GatewayTransport } from '../http/transport.js';
import { GroupRecords } from '../profile/groupRecords.js';
import type { Profile } from '../profile/profile.js';
import { HomeNode } from './homeNode.js';
import { type CoSignEvent, HomeRounds } from './homeRounds.js';

/** How a signing is taken part in. */
export interface CoSignOptions {
  /**
   * The owner's decision, asked once for each call after the request was verified and before any nonce is made. When absent, what this profile requested or approved is
   * signed, and nothing else. The group's own approval rule holds in any case.
   */
  readonly decide?: (review: SigningReview) => boolean | Promise<boolean>;
  readonly onEvent?: (event: CoSignEvent) => void;
  /** Stops; the nonces stay until {@link CoSigner.wipe}. */
  readonly signal?: AbortSignal;
}

/**
 * Signs with the member keys that this profile keeps at home. It makes every check an enclave makes, before each round. Nonces are in this object's memory only: in another
 * process or page the signing goes on with a new attempt.
 */
export class CoSigner implements Wipeable {
  readonly #transport: GatewayTransport;
  readonly #operations: GroupOperations;
  readonly #groups: GroupRecords;
  readonly #signings: SigningRecords;
  readonly #now: () => number;
  readonly #progress: SigningProgress;
  readonly #nodes = new Map<Hash32, Promise<HomeNode>>();

  constructor(transport: GatewayTransport, operations: GroupOperations, profile: Profile, now: () => number) {
    this.#transport = transport;
    this.#operations = operations;
    this.#groups = new GroupRecords(profile);
    this.#signings = new SigningRecords(profile);
    this.#now = now;
    this.#progress = new SigningProgress(transport, this.#groups, this.#signings);
  }

  /** Takes this profile's part in one signing, until that is final. Lost connections and a gateway that restarts are waited for. Throws what does not hold, so that this key did not sign. */
  async sign(reference: SigningReference, options: CoSignOptions = {}): Promise<SigningOutcome> {
    const node = await this.#nodeOf(reference.group);
    const decide = options.decide ?? (() => this.#isDecided(reference.request));
    return await new HomeRounds({
      transport: this.#transport, groups: this.#groups, progress: this.#progress, node, reference, signal: options.signal,
      decide: async (review) => await decide(review), tell: (event) => options.onEvent?.(event),
    }).run();
  }

  /** Wipes the nonces that were not used. */
  wipe(): void {
    // A node that could not be made holds nothing.
    this.#nodes.forEach((node) => void node.then((made) => made.wipe(), () => undefined));
    this.#nodes.clear();
  }

  async #isDecided(request: Hash32): Promise<boolean> {
    const record = await this.#signings.find(request);
    return record !== undefined && record.rejection === undefined && (record.requested || record.approval !== undefined);
  }

  async #nodeOf(group: Hash32): Promise<HomeNode> {
    const known = this.#nodes.get(group) ?? this.#make(group);
    this.#nodes.set(group, known);
    try {
      return await known;
    } catch (error) {
      this.#nodes.delete(group);
      throw error;
    }
  }

  async #make(group: Hash32): Promise<HomeNode> {
    const record = await this.#groups.get(group);
    return new HomeNode(this.#groups, record.formed === undefined ? await this.#operations.verify(group) : await loadGroup(this.#groups, record), this.#now);
  }
}
