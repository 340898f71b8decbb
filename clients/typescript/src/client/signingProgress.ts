import { wiping } from '../crypto/secrets.js';
import { KeyMeldError, knownCode } from '../errors/keyMeldError.js';
import { type RoundBlob as RoundBlobJson, type Signing, checkSigning } from '../generated/api.js';
import { sameGateway } from '../http/address.js';
import { blobOf, invalidAnswer, toRoundBlob, toStatement } from '../http/answers.js';
import { targets } from '../http/targets.js';
import type { GatewayTransport } from '../http/transport.js';
import { limits } from '../limits.js';
import type { GroupRecords } from '../profile/groupRecords.js';
import type { SigningState } from '../profile/records.js';
import { readDecision } from '../signing/approvalRule.js';
import { openResult } from '../signing/signedResult.js';
import { type VerifiedRequest, verifyRequest } from '../signing/verifiedRequest.js';
import { loadGroup } from './groupFormation.js';
import type { Group } from './group.js';
import { SigningOutcome, signedItems } from './signingOutcome.js';
import type { SigningRecords } from './signingRecords.js';
import type { SigningReference } from './signingReference.js';
import { SigningReview } from './signingReview.js';
import { waitUntil } from './waiting.js';
import type { WaitOptions } from './groupOperations.js';

/** The longest answer about a signing, in bytes. */
export const signingAnswerBytes = 3 * limits.frameBytes;

export class SigningProgress {
  readonly #transport: GatewayTransport;
  readonly #groups: GroupRecords;
  readonly #signings: SigningRecords;

  constructor(transport: GatewayTransport, groups: GroupRecords, signings: SigningRecords) {
    this.#transport = transport;
    this.#groups = groups;
    this.#signings = signings;
  }

  async review(reference: SigningReference): Promise<SigningReview> {
    const answer = await this.#fetch(reference, 0);
    const group = await this.#group(reference);
    const request = await this.#verified(group, reference, answer);
    return new SigningReview(group, reference, request, answer.approvals.map((approval) => readDecision(group.roster, request.request.digest, toStatement(approval))));
  }

  async status(reference: SigningReference): Promise<SigningOutcome> {
    return await this.#concludeAnswer(reference, await this.#fetch(reference, 0));
  }

  async wait(reference: SigningReference, options: WaitOptions): Promise<SigningOutcome> {
    return await waitUntil(options.timeout, options.signal, async (wait) => {
      const answer = await this.#fetch(reference, wait);
      return answer.state === 'waiting' || answer.state === 'running' ? undefined : await this.#concludeAnswer(reference, answer);
    });
  }

  /** Opens and verifies a result, where there is one. */
  async conclude(request: VerifiedRequest, reference: SigningReference, state: SigningState, error: string | undefined, result: RoundBlobJson | undefined): Promise<SigningOutcome> {
    const items = result === undefined ? undefined : signedItems(request, wiping(await this.#groups.session(reference.group), (session) => openResult(request, session, toRoundBlob(result))));
    await this.#signings.update(reference.request, (record) => {
      if (record === undefined) {
        return undefined;
      }
      const { unposted: _, ...rest } = record;
      return { ...rest, state };
    });
    return new SigningOutcome(reference, state, error === undefined ? undefined : knownCode(error), items);
  }

  requireHere(reference: SigningReference): void {
    if (!sameGateway(reference.gateway, this.#transport.gateway.href)) {
      throw new KeyMeldError('bad_request', `The signing is at the gateway ${reference.gateway}; connect to that one.`);
    }
  }

  async #concludeAnswer(reference: SigningReference, answer: Signing): Promise<SigningOutcome> {
    const request = await this.#verified(await this.#group(reference), reference, answer);
    return await this.conclude(request, reference, answer.state, answer.error, answer.result);
  }

  async #verified(group: Group, reference: SigningReference, answer: Signing): Promise<VerifiedRequest> {
    const request = wiping(await this.#groups.session(reference.group), (session) => verifyRequest(group.roster, toStatement(answer.request), blobOf(answer.items), session));
    if (request.request.digest !== reference.request) {
      throw new KeyMeldError('request_invalid', 'The gateway shows another request than the one named.');
    }
    return request;
  }

  async #group(reference: SigningReference): Promise<Group> {
    return await loadGroup(this.#groups, await this.#groups.get(reference.group));
  }

  async #fetch(reference: SigningReference, wait: number): Promise<Signing> {
    this.requireHere(reference);
    const key = await this.#groups.reader(await this.#groups.get(reference.group));
    const target = targets.signing(reference.request);
    const answer = await wiping(key, (reader) => this.#transport.send({ method: 'GET', target, check: checkSigning, reader, wait, mostBytes: signingAnswerBytes }));
    if (answer.id !== reference.request) {
      throw invalidAnswer(`it is about the signing ${answer.id}, not ${reference.request}`);
    }
    return answer;
  }
}
