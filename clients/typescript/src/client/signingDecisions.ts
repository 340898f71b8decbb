// protocol.md section 6, "Approval", from the approver's side.
import { at } from '../bytes/bytes.js';
import { wiping } from '../crypto/secrets.js';
import { KeyMeldError } from '../errors/keyMeldError.js';
import { type Signed as SignedJson, checkState } from '../generated/api.js';
import { toSignedJson, toStatement } from '../http/answers.js';
import { targets } from '../http/targets.js';
import type { GatewayTransport } from '../http/transport.js';
import type { GroupRecords } from '../profile/groupRecords.js';
import type { SigningRecord } from '../profile/records.js';
import { checkWindow } from '../signing/requestWindow.js';
import { hostsOf } from '../signing/verifiedRequest.js';
import { type Decision, approvalKind, cancelKind } from '../statements/shortStatements.js';
import { signStatement } from '../statements/signed.js';
import { signingRequestKind } from '../statements/signingRequest.js';
import type { EnclaveVerifier } from './enclaveVerifier.js';
import { refuseRaw } from './groupPlan.js';
import type { SigningOutcome } from './signingOutcome.js';
import type { SigningProgress } from './signingProgress.js';
import type { SigningRecords } from './signingRecords.js';
import type { SigningReference } from './signingReference.js';
import type { SigningReview } from './signingReview.js';

export interface ApproveOptions {
  readonly acceptRawTweaks?: boolean;
}

export class SigningDecisions {
  readonly #transport: GatewayTransport;
  readonly #verifier: EnclaveVerifier;
  readonly #groups: GroupRecords;
  readonly #signings: SigningRecords;
  readonly #progress: SigningProgress;
  readonly #now: () => number;

  constructor(transport: GatewayTransport, verifier: EnclaveVerifier, groups: GroupRecords, signings: SigningRecords, progress: SigningProgress, now: () => number) {
    this.#transport = transport;
    this.#verifier = verifier;
    this.#groups = groups;
    this.#signings = signings;
    this.#progress = progress;
    this.#now = now;
  }

  async approve(review: SigningReview, options: ApproveOptions, isOpaque: boolean): Promise<SigningOutcome> {
    const member = memberOf(review);
    requireShown(review, isOpaque);
    refuseRaw(review.items.map((item) => item.ownTweaks), options.acceptRawTweaks, 'Approve only if you accept that explicitly (acceptRawTweaks).');
    checkWindow(review.group.manifest, review.request.request.value, this.#now());
    await this.#verifier.verify(hostsOf(review.request));
    // The requester's own approval is its request.
    if (review.requestedBy !== member) {
      await this.#decide(review, member, 'approve');
    }
    return await this.#progress.status(review.reference);
  }

  async reject(reference: SigningReference): Promise<SigningOutcome> {
    const review = await this.#progress.review(reference);
    await this.#decide(review, memberOf(review), 'reject');
    return await this.#progress.status(reference);
  }

  async cancel(reference: SigningReference): Promise<SigningOutcome> {
    this.#progress.requireHere(reference);
    const record = await this.#signings.find(reference.request);
    if (record?.requested !== true) {
      throw new KeyMeldError('not_found', 'This profile did not request that signing.');
    }
    const group = await this.#groups.get(record.group);
    const { by } = signingRequestKind.parse(toStatement(record.statement).statement);
    const signer = by === 'creator' ? await this.#groups.creator(group) : await this.#groups.authorisation(group);
    const cancel = wiping(signer, (key) => signStatement(cancelKind, { request: reference.request, created: this.#now() }, key));
    await this.#post(targets.cancel(reference.request), toSignedJson(cancel.statement));
    return await this.#progress.status(reference);
  }

  // What was decided is stored before it is posted, and a rejection stays.
  async #decide(review: SigningReview, member: number, decision: Decision): Promise<void> {
    const { reference } = review;
    const group = await this.#groups.get(reference.group);
    const { user } = at(review.group.members, member);
    const approval = wiping(await this.#groups.authorisation(group), (key) =>
      signStatement(approvalKind, { request: reference.request, user, decision, created: this.#now() }, key));
    const fresh = toSignedJson(approval.statement);
    const record = await this.#signings.update(reference.request, (stored): SigningRecord => {
      const known = stored ?? {
        version: 1, gateway: group.gateway, group: group.group, request: reference.request, statement: toSignedJson(review.request.request.statement), requested: false, state: 'waiting',
      };
      if (decision === 'reject') {
        return { ...known, rejection: known.rejection ?? fresh };
      }
      if (known.rejection !== undefined) {
        throw new KeyMeldError('rejected', 'This profile rejected the request; that is final.');
      }
      return { ...known, approval: known.approval ?? fresh };
    });
    await this.#post(targets.approvals(reference.request), (decision === 'reject' ? record.rejection : record.approval) ?? fresh);
  }

  async #post(target: string, body: SignedJson): Promise<void> {
    await this.#transport.send({ method: 'POST', target, check: checkState, body });
  }
}

function memberOf(review: SigningReview): number {
  if (review.group.myIndex === undefined) {
    throw new KeyMeldError('not_found', 'This profile has no place in the group.');
  }
  return review.group.myIndex;
}

function requireShown(review: SigningReview, isOpaque: boolean): void {
  for (const { index, message, content } of review.items) {
    switch (content.kind) {
      case 'shown':
      case 'matched':
        break;
      case 'opaque':
        if (!isOpaque) {
          throw new KeyMeldError('opaque_message', `Nothing shows what item ${index} (${message}) is; give its content, or approve it as opaque.`);
        }
        break;
      case 'mismatch':
        throw new KeyMeldError('context_mismatch', `SECURITY: item ${index} shows a content that is not what would be signed.`);
      case 'unknown':
        throw new KeyMeldError('unsupported', `Item ${index} holds something this version cannot show; it does not approve that.`);
    }
  }
}
