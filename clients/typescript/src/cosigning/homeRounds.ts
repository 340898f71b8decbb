import type { GatewayTransport } from '../http/transport.js';
import { invalidAnswer, blobOf, fromRoundBlob, toRoundBlob, toStatement } from '../http/answers.js';
import { targets } from '../http/targets.js';
import { signingAnswerBytes, type SigningProgress } from '../client/signingProgress.js';
import type { SigningOutcome } from '../client/signingOutcome.js';
import type { SigningReference } from '../client/signingReference.js';
import type { SigningReview } from '../client/signingReview.js';
import { longestWait } from '../client/waiting.js';
import { wiping } from '../crypto/secrets.js';
import { KeyMeldError } from '../errors/keyMeldError.js';
import { type Rounds, type Signing, checkRounds, checkSigning, checkState } from '../generated/api.js';
import type { GroupRecords } from '../profile/groupRecords.js';
import type { RoundBlob } from '../signing/roundBlob.js';
import type { HomeNode } from './homeNode.js';

/** Something that co-signing did or met. */
export type CoSignEvent =
  | { readonly kind: 'following' }
  /** Every check passed; public nonces were sent. */
  | { readonly kind: 'sent-nonces'; readonly attempt: number }
  | { readonly kind: 'sent-partials'; readonly attempt: number }
  /** The gateway is away, or the attempt is lost and another is begun. */
  | { readonly kind: 'retrying'; readonly error: KeyMeldError }
  | { readonly kind: 'ended'; readonly outcome: SigningOutcome }
  /** Something does not hold, and this key does not sign. */
  | { readonly kind: 'refused'; readonly error: KeyMeldError };

/** What the rounds of one signing are followed with. */
export interface RoundsContext {
  readonly transport: GatewayTransport;
  readonly groups: GroupRecords;
  readonly progress: SigningProgress;
  readonly node: HomeNode;
  readonly reference: SigningReference;
  readonly decide: (review: SigningReview) => Promise<boolean>;
  readonly tell: (event: CoSignEvent) => void;
  readonly signal: AbortSignal | undefined;
}

const shortestPause = 250;
const longestPause = 15_000;
const lostAttempt = ['not_loaded', 'nonce_already_used', 'relay_fault'];
const wentOn = ['attempt_stale', 'conflict', 'cancelled', 'rejected', 'expired'];

/** One signing from the side of a member at home: asks what is due, does it after every check, says so, until the signing is final. */
export class HomeRounds {
  readonly #with: RoundsContext;
  #decided = false;

  constructor(context: RoundsContext) {
    this.#with = context;
  }

  async run(): Promise<SigningOutcome> {
    const { progress, reference, node, tell, signal } = this.#with;
    progress.requireHere(reference);
    tell({ kind: 'following' });
    for (let failures = 0; ;) {
      signal?.throwIfAborted();
      const asked = performance.now();
      try {
        const outcome = await this.#step();
        if (outcome !== undefined) {
          await node.burn(reference.request);
          tell({ kind: 'ended', outcome });
          return outcome;
        }
        failures = 0;
        // A gateway that does not hold the question back is not asked in a tight loop.
        await pause(shortestPause - (performance.now() - asked), signal);
      } catch (error) {
        if (!mayPass(error)) {
          throw error;
        }
        tell({ kind: 'retrying', error });
        await pause(Math.min(longestPause, shortestPause * 2 ** Math.min(failures++, 10)), signal);
      }
    }
  }

  async #step(): Promise<SigningOutcome | undefined> {
    const { progress, reference } = this.#with;
    const rounds = await this.#ask(targets.rounds(reference.request), checkRounds, longestWait);
    if (rounds.id !== reference.request) {
      throw invalidAnswer(`it is about the signing ${rounds.id}, not ${reference.request}`);
    }
    if (rounds.state !== 'waiting' && rounds.state !== 'running') {
      return await progress.status(reference);
    }
    if (rounds.round !== undefined && rounds.attempt !== undefined) {
      const signing = await this.#ask(targets.signing(reference.request), checkSigning, 0);
      await this.#requireDecision();
      await (rounds.round === 'round1' ? this.#open(signing, rounds.attempt) : this.#sign(signing, rounds.attempt, rounds.round1 ?? []));
    }
    return undefined;
  }

  async #requireDecision(): Promise<void> {
    this.#decided ||= await this.#with.decide(await this.#with.progress.review(this.#with.reference));
    if (!this.#decided) {
      throw new KeyMeldError('approvals_missing', 'The owner of this key has not decided to sign this request: it is not signed here.');
    }
  }

  async #open(signing: Signing, attempt: number): Promise<void> {
    const shown = { statement: toStatement(signing.request), items: blobOf(signing.items), approvals: signing.approvals.map(toStatement) };
    const { node } = this.#with;
    // A stale attempt was opened by this process before: the next one says so to the gateway.
    const blob = await node.open(shown, attempt).catch(async (error: unknown) => {
      if (error instanceof KeyMeldError && error.code === 'attempt_stale') {
        return await node.open(shown, attempt + 1);
      }
      throw error;
    });
    await this.#post(blob);
    this.#with.tell({ kind: 'sent-nonces', attempt: blob.attempt });
  }

  async #sign(signing: Signing, attempt: number, round1: NonNullable<Rounds['round1']>): Promise<void> {
    let blob: RoundBlob;
    try {
      blob = await this.#with.node.sign(this.#with.reference.request, attempt, round1.map(toRoundBlob), signing.approvals.map(toStatement));
    } catch (error) {
      if (!(error instanceof KeyMeldError) || !lostAttempt.includes(error.code)) {
        throw error;
      }
      // The nonces of this attempt are gone, or its set is not what the nodes said: only a higher attempt leads on, and opening it says so.
      this.#with.tell({ kind: 'retrying', error });
      await this.#open(signing, attempt + 1);
      return;
    }
    await this.#post(blob);
    this.#with.tell({ kind: 'sent-partials', attempt });
  }

  async #post(blob: RoundBlob): Promise<void> {
    const { transport, reference, signal } = this.#with;
    try {
      await transport.send({ method: 'POST', target: targets.rounds(reference.request), check: checkState, body: fromRoundBlob(blob), signal });
    } catch (error) {
      // The rounds went on meanwhile: the next question says where they are.
      if (!(error instanceof KeyMeldError) || !wentOn.includes(error.code)) {
        throw error;
      }
    }
  }

  async #ask<T>(target: string, check: (value: unknown) => T, wait: number): Promise<T> {
    const { transport, groups, reference, signal } = this.#with;
    const key = await groups.reader(await groups.get(reference.group));
    return await wiping(key, (reader) => transport.send({ method: 'GET', target, check, reader, wait, mostBytes: signingAnswerBytes, signal }));
  }
}

// A relay fault passes with the next attempt, which is opened here, and an approval may come tomorrow; everything else that may pass is the gateway's.
const mayPass = (error: unknown): error is KeyMeldError => error instanceof KeyMeldError && error.retryable && error.code !== 'relay_fault' && error.code !== 'approvals_missing';

async function pause(milliseconds: number, signal: AbortSignal | undefined): Promise<void> {
  if (milliseconds <= 0) {
    return;
  }
  await new Promise<void>((resolve, reject) => {
    const timer = setTimeout(() => {
      signal?.removeEventListener('abort', abort);
      resolve();
    }, milliseconds);
    const abort = (): void => {
      clearTimeout(timer);
      reject(signal?.reason as Error);
    };
    signal?.addEventListener('abort', abort, { once: true });
  });
}
