import { toBase64 } from '../bytes/base64.js';
import type { Hash32 } from '../bytes/ids.js';
import { type Wipeable, wiping } from '../crypto/secrets.js';
import { KeyMeldError } from '../errors/keyMeldError.js';
import { type StateEvent, checkSigningPosted, checkStateEvent } from '../generated/api.js';
import { blobOf, invalidAnswer, toSignedJson, toStatement } from '../http/answers.js';
import { targets } from '../http/targets.js';
import type { GatewayTransport } from '../http/transport.js';
import { GroupRecords } from '../profile/groupRecords.js';
import type { Profile } from '../profile/profile.js';
import type { GroupRecord, SigningRecord } from '../profile/records.js';
import { hostsOf, verifyRequest } from '../signing/verifiedRequest.js';
import type { EnclaveVerifier } from './enclaveVerifier.js';
import type { Group } from './group.js';
import { loadGroup } from './groupFormation.js';
import type { WaitOptions } from './groupOperations.js';
import { type PreparedRequest, type RequestOptions, buildRequest, usualLifetime } from './requestBuilder.js';
import type { SigningContent } from './signingContent.js';
import { type ApproveOptions, SigningDecisions } from './signingDecisions.js';
import type { SigningOutcome } from './signingOutcome.js';
import { SigningProgress, signingAnswerBytes } from './signingProgress.js';
import { SigningRecords } from './signingRecords.js';
import type { SigningReference } from './signingReference.js';
import type { SigningReview } from './signingReview.js';
import { isFinalRefusal, longestWait } from './waiting.js';

/** Requesting, approving and following signings. */
export class SigningOperations {
  readonly #transport: GatewayTransport;
  readonly #verifier: EnclaveVerifier;
  readonly #groups: GroupRecords;
  readonly #signings: SigningRecords;
  readonly #now: () => number;
  readonly #progress: SigningProgress;
  readonly #decisions: SigningDecisions;
  readonly #mayBePosted = new WeakSet<PreparedRequest>();

  constructor(transport: GatewayTransport, verifier: EnclaveVerifier, profile: Profile, now: () => number) {
    this.#transport = transport;
    this.#verifier = verifier;
    this.#groups = new GroupRecords(profile);
    this.#signings = new SigningRecords(profile);
    this.#now = now;
    this.#progress = new SigningProgress(transport, this.#groups, this.#signings);
    this.#decisions = new SigningDecisions(transport, verifier, this.#groups, this.#signings, this.#progress, now);
  }

  /** Verifies the enclaves, builds and signs the request and stores it; nothing is posted yet. */
  async prepare(group: Group, contents: readonly SigningContent[], options: RequestOptions = {}): Promise<PreparedRequest> {
    const record = await this.#groups.get(group.id);
    const place = record.registration === undefined ? undefined : record.place;
    if (record.formed?.roster !== group.rosterHash || place !== group.myIndex) {
      throw new KeyMeldError('bad_request', 'The group was loaded with another profile; load it with this one.');
    }
    if (group.manifest.signUntil !== undefined && group.manifest.signUntil < this.#now()) {
      throw new KeyMeldError('signing_closed', "The group's time to sign is over.");
    }
    const prepared = await this.#build(group, record, contents, options);
    await this.#verifier.verify(hostsOf(prepared.request));
    await this.#signings.update(prepared.reference.request, (): SigningRecord => ({
      version: 1, gateway: record.gateway, group: record.group, request: prepared.reference.request, statement: toSignedJson(prepared.request.request.statement),
      requested: true, unposted: toBase64(prepared.sealed), state: 'waiting',
    }));
    return prepared;
  }

  /** Posts a prepared request, the same bytes each time, and waits for so long (30 seconds when absent, at most). */
  async submit(prepared: PreparedRequest, options: WaitOptions = {}): Promise<SigningOutcome> {
    this.#progress.requireHere(prepared.reference);
    const timeout = options.timeout ?? 1000 * longestWait;
    const wait = Math.min(longestWait, Math.max(0, Math.ceil(timeout / 1000)));
    const outcome = await this.#post(prepared, wait);
    if ((outcome.isFinal && outcome.items !== undefined) || (wait === 0 && !outcome.isFinal)) {
      return outcome;
    }
    // Still running, or ended without showing its result here: ask.
    const left = timeout - 1000 * wait;
    try {
      return outcome.isFinal || left <= 0 ? await this.#progress.status(prepared.reference) : await this.#progress.wait(prepared.reference, { ...options, timeout: left });
    } catch (error) {
      if (error instanceof KeyMeldError && error.code === 'still_pending') {
        return outcome;
      }
      throw error;
    }
  }

  /** Requests and gives the reference to hand to the approvers. */
  async request(group: Group, contents: readonly SigningContent[], options: RequestOptions = {}): Promise<SigningReference> {
    const prepared = await this.prepare(group, contents, options);
    await this.submit(prepared, { timeout: 0 });
    return prepared.reference;
  }

  /** Requests and waits until everything is signed, up to the request's lifetime; throws otherwise. */
  async sign(group: Group, contents: readonly SigningContent[], options: RequestOptions & WaitOptions = {}): Promise<SigningOutcome> {
    const prepared = await this.prepare(group, contents, options);
    return (await this.submit(prepared, { ...options, timeout: options.timeout ?? options.lifetime ?? usualLifetime })).requireSigned();
  }

  /** A request that was stored and may not have been posted. */
  async resume(request: Hash32): Promise<PreparedRequest> {
    const record = await this.#signings.find(request);
    if (record?.unposted === undefined) {
      throw new KeyMeldError('not_found', `This profile has no request ${request} that is still to be posted.`);
    }
    const group = await loadGroup(this.#groups, await this.#groups.get(record.group));
    const sealed = blobOf(record.unposted);
    const verified = wiping(await this.#groups.session(record.group), (session) => verifyRequest(group.roster, toStatement(record.statement), sealed, session));
    const prepared = { reference: { gateway: group.gateway, group: group.id, request }, request: verified, sealed };
    this.#mayBePosted.add(prepared);
    return prepared;
  }

  /** Opens and verifies a request: look at `items` before you approve. */
  async review(reference: SigningReference): Promise<SigningReview> {
    return await this.#progress.review(reference);
  }

  /** Approves what was reviewed, after every item's content was shown. Verifies the enclaves again. */
  async approve(review: SigningReview, options: ApproveOptions = {}): Promise<SigningOutcome> {
    return await this.#decisions.approve(review, options, false);
  }

  /** Approves also hashes that nobody can look into. */
  async approveOpaque(review: SigningReview, options: ApproveOptions = {}): Promise<SigningOutcome> {
    return await this.#decisions.approve(review, options, true);
  }

  /** Final. */
  async reject(reference: SigningReference): Promise<SigningOutcome> {
    return await this.#decisions.reject(reference);
  }

  async cancel(reference: SigningReference): Promise<SigningOutcome> {
    return await this.#decisions.cancel(reference);
  }

  async status(reference: SigningReference): Promise<SigningOutcome> {
    return await this.#progress.status(reference);
  }

  /** Waits until it is final; results are verified. */
  async wait(reference: SigningReference, options: WaitOptions = {}): Promise<SigningOutcome> {
    return await this.#progress.wait(reference, options);
  }

  /** States as they come (server-sent events), until the final one. They are the gateway's word: take results from {@link status}. */
  async *watch(reference: SigningReference, signal?: AbortSignal): AsyncGenerator<StateEvent, void, undefined> {
    this.#progress.requireHere(reference);
    const reader = await this.#groups.reader(await this.#groups.get(reference.group));
    try {
      yield* this.#transport.events({ method: 'GET', target: targets.signingEvents(reference.request), check: checkStateEvent, reader, signal });
    } finally {
      reader.wipe();
    }
  }

  /** The signings that this profile requested or decided about. */
  async list(): Promise<readonly (Pick<SigningRecord, 'requested' | 'state'> & { readonly reference: SigningReference })[]> {
    return (await this.#signings.list()).map((record) => ({ reference: { gateway: record.gateway, group: record.group, request: record.request }, requested: record.requested, state: record.state }));
  }

  async #build(group: Group, record: GroupRecord, contents: readonly SigningContent[], options: RequestOptions): Promise<PreparedRequest> {
    const session = await this.#groups.session(group.id);
    const secrets: Wipeable[] = [session];
    try {
      const requester = options.asCreator === true ? await this.#groups.creator(record) : await this.#groups.authorisation(record);
      secrets.push(requester);
      return buildRequest(group, contents, options, session, requester, this.#now());
    } finally {
      secrets.forEach((secret) => secret.wipe());
    }
  }

  async #post(prepared: PreparedRequest, wait: number): Promise<SigningOutcome> {
    const { reference } = prepared;
    const body = { request: toSignedJson(prepared.request.request.statement), items: toBase64(prepared.sealed) };
    // Only a repeated statement needs it to be shown the result (protocol.md section 9).
    const reader = this.#mayBePosted.has(prepared) ? await this.#groups.reader(await this.#groups.get(reference.group)) : undefined;
    this.#mayBePosted.add(prepared);
    try {
      const answer = await this.#transport.send({ method: 'POST', target: targets.signings, check: checkSigningPosted, body, reader, wait, mostBytes: signingAnswerBytes });
      if (answer.id !== reference.request) {
        throw invalidAnswer(`it is about the signing ${answer.id}, not ${reference.request}`);
      }
      return await this.#progress.conclude(prepared.request, reference, answer.state, undefined, answer.result);
    } catch (error) {
      if (isFinalRefusal(error)) {
        await this.#signings.remove(reference.request);
      }
      throw error;
    } finally {
      reader?.wipe();
    }
  }
}
