import { KeyMeldError } from '../errors/keyMeldError.js';
import type { SecretNonce } from '../musig/secretNonce.js';
import { type MemberDecision, awaitedBy } from '../signing/approvalRule.js';
import type { RoundBlob } from '../signing/roundBlob.js';
import type { RoundPairs } from '../signing/roundPairs.js';
import type { VerifiedRequest } from '../signing/verifiedRequest.js';
import { type AttemptCommand, type AttemptState, nextAttempt, untouched } from './attempts.js';

/** What Sign needs of an open attempt. */
export interface OpenedAtHome {
  readonly pairs: RoundPairs;
  /** One for each of the node's pairs. */
  readonly nonces: readonly SecretNonce[];
}

/** One request at home: its state, and what is held in that state. Only whoever has its turn touches it. */
export class HomeSigning {
  readonly request: VerifiedRequest;
  state: AttemptState = untouched;
  /** There exactly while the state is opened. */
  opened: OpenedAtHome | undefined;
  /** The stored answers. */
  round1: RoundBlob | undefined;
  round2: RoundBlob | undefined;
  #last: Promise<unknown> = Promise.resolve();

  constructor(request: VerifiedRequest) {
    this.request = request;
  }

  /** One after the other. */
  async inTurn<T>(work: () => Promise<T>): Promise<T> {
    const run = this.#last.then(work);
    this.#last = run.catch(() => undefined);
    return await run;
  }

  /** Requires the group's rule to be met, and takes note of a reject for good. */
  requireApproved(decisions: readonly MemberDecision[]): void {
    const rejected = decisions.find((one) => !one.approved);
    if (rejected !== undefined) {
      this.apply({ kind: 'reject' });
    }
    if (this.state.kind === 'rejected') {
      throw new KeyMeldError('rejected', rejected === undefined ? 'A member rejected this request.' : `Participant ${rejected.member} rejected this request.`);
    }
    const awaited = awaitedBy(this.request, decisions);
    if (awaited.votes > 0 || awaited.signers.length > 0) {
      throw new KeyMeldError('approvals_missing', `${awaited.votes} more approvals of the group's approvers and ${awaited.signers.length} of the signers are missing.`);
    }
  }

  /** Applies a command, and wipes what must not outlive the change. */
  apply(command: AttemptCommand): void {
    const { state, action } = nextAttempt(this.state, command);
    this.state = state;
    if (action === 'wipe' || action === 'hold-fresh-nonces') {
      this.wipe();
    }
  }

  /** Hands the nonces over: they are not held any more, and the attempt is spent. */
  take(command: AttemptCommand): readonly SecretNonce[] {
    const { opened } = this;
    if (opened === undefined) {
      throw new KeyMeldError('nonce_already_used', 'Nothing is open.');
    }
    this.apply(command);
    this.opened = undefined;
    return opened.nonces;
  }

  wipe(): void {
    this.opened?.nonces.forEach((nonce) => nonce.wipe());
    [this.opened, this.round1, this.round2] = [undefined, undefined, undefined];
  }
}
