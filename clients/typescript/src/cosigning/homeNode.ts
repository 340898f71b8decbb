// protocol.md section 6, "A home node makes every check an enclave makes before Open and Sign, obeys every nonce rule, and has 16 random bytes for each process as boot."
import { at } from '../bytes/bytes.js';
import { type Hash32, type Id16, randomId } from '../bytes/ids.js';
import type { Group } from '../client/group.js';
import type { SecretKey } from '../crypto/secretKey.js';
import { type Wipeable, wiping } from '../crypto/secrets.js';
import { KeyMeldError } from '../errors/keyMeldError.js';
import { aad, purposes } from '../groups/aad.js';
import type { SessionSecret } from '../groups/sessionSecret.js';
import { SecretNonce } from '../musig/secretNonce.js';
import type { GroupRecords } from '../profile/groupRecords.js';
import { readDecision } from '../signing/approvalRule.js';
import { checkWindow } from '../signing/requestWindow.js';
import { openRound1Set, verifyRound1Set } from '../signing/round1Set.js';
import { type RoundBlob, round1SetHash, signRound } from '../signing/roundBlob.js';
import { RoundPairs } from '../signing/roundPairs.js';
import { type VerifiedRequest, messageOf, verifyRequest } from '../signing/verifiedRequest.js';
import { type NodeId, sameNode } from '../statements/nodeId.js';
import { type Round2Entry, encodeRound1, encodeRound2 } from '../statements/roundEntries.js';
import type { SignedStatement } from '../statements/signed.js';
import { refusalOf, nextAttempt } from './attempts.js';
import { HomeSigning } from './homeSigning.js';
import { extraInput } from './nonceContext.js';

/** A request as the gateway shows it. */
export interface ShownRequest {
  readonly statement: SignedStatement;
  readonly items: Uint8Array;
  /** Approvals and rejects, any order. */
  readonly approvals: readonly SignedStatement[];
}

// Longer than any clock is set back; a request that has expired is refused for that anyway.
const grace = 60_000;

/** The place of one group that signs at home, in one process. Everything it is handed comes from a gateway nobody trusts. Nonces are in memory only, leave it once, and go with the process. */
export class HomeNode implements Wipeable {
  readonly node: NodeId;
  /** Of this process. */
  readonly boot: Id16 = randomId();
  readonly #records: GroupRecords;
  readonly #group: Group;
  readonly #now: () => number;
  readonly #signings = new Map<Hash32, HomeSigning>();

  constructor(records: GroupRecords, group: Group, now: () => number) {
    if (group.myIndex === undefined || at(group.members, group.myIndex).enclave !== undefined) {
      throw new KeyMeldError('bad_request', 'This profile has no place in the group that signs at home.');
    }
    this.node = { kind: 'home', index: group.myIndex };
    this.#records = records;
    this.#group = group;
    this.#now = now;
  }

  /** Open: after every check, public nonces of exactly this place's items. An equal call is answered equally. */
  async open(shown: ShownRequest, attempt: number): Promise<RoundBlob> {
    const request = await this.#withSession(async (session) => verifyRequest(this.#group.roster, shown.statement, shown.items, session));
    checkWindow(this.#group.manifest, request.request.value, this.#now());
    if (!request.nodes.some((node) => sameNode(node, this.node))) {
      throw new KeyMeldError('request_invalid', 'This place signs nothing of the request.');
    }
    const signing = this.#enter(request);
    return await signing.inTurn(async () => {
      signing.requireApproved(this.#decisions(signing.request, shown.approvals));
      const { action } = nextAttempt(signing.state, { kind: 'open', attempt });
      if (typeof action === 'object') {
        throw refusalOf(action);
      }
      return action === 'repeat-round1' && signing.round1 !== undefined ? signing.round1 : await this.#hold(signing, attempt);
    });
  }

  /** Sign: checks the complete round-1 set, then takes the attempt's nonces out and signs. An equal call is answered equally; any other of a spent attempt is refused. */
  async sign(digest: Hash32, attempt: number, blobs: readonly RoundBlob[], approvals: readonly SignedStatement[]): Promise<RoundBlob> {
    const signing = this.#signings.get(digest);
    if (signing === undefined) {
      throw refusalOf({ refuse: 'not_loaded' });
    }
    return await signing.inTurn(async () => {
      checkWindow(this.#group.manifest, signing.request.request.value, this.#now());
      signing.requireApproved(this.#decisions(signing.request, approvals));
      const { action } = nextAttempt(signing.state, { kind: 'sign', attempt, tau: round1SetHash(blobs) });
      if (typeof action === 'object') {
        throw refusalOf(action);
      }
      return action === 'repeat-round2' && signing.round2 !== undefined ? signing.round2 : await this.#sign(signing, attempt, blobs);
    });
  }

  /** Wipes the nonces of a signing that is over; that it was there stays known until the request expires. */
  async burn(request: Hash32): Promise<void> {
    const signing = this.#signings.get(request);
    await signing?.inTurn(async () => signing.apply({ kind: 'burn' }));
  }

  wipe(): void {
    this.#signings.forEach((signing) => signing.wipe());
    this.#signings.clear();
  }

  async #hold(signing: HomeSigning, attempt: number): Promise<RoundBlob> {
    return await this.#withKeys((session, member, authorisation) => {
      const { request } = signing;
      const pairs = new RoundPairs(request);
      const own = this.#ownPairs(request, pairs);
      const nonces: SecretNonce[] = [];
      try {
        for (const pair of own) {
          nonces.push(this.#draw(request, pair.item, attempt, member));
        }
        const entries = own.map((pair, index) => ({ item: at(request.items, pair.item).item, signer: pair.signer, nonce: at(nonces, index).publicNonce }));
        const round1 = this.#write(request, attempt, undefined, session, authorisation, encodeRound1(entries));
        signing.apply({ kind: 'open', attempt });
        [signing.opened, signing.round1] = [{ pairs, nonces }, round1];
        return round1;
      } catch (error) {
        nonces.forEach((nonce) => nonce.wipe());
        throw error;
      }
    });
  }

  async #sign(signing: HomeSigning, attempt: number, blobs: readonly RoundBlob[]): Promise<RoundBlob> {
    const { request, opened, round1 } = signing;
    if (opened === undefined || round1 === undefined) {
      throw refusalOf({ refuse: 'nonce_already_used' });
    }
    verifyRound1Set(request, blobs, attempt, round1);
    return await this.#withKeys((session, member, authorisation) => {
      const sessions = openRound1Set(request, opened.pairs, session, blobs, this.node);
      const own = this.#ownPairs(request, opened.pairs);
      const tau = round1SetHash(blobs);
      // From here on the nonces are spent, whatever happens; nothing is awaited before they are used or wiped.
      const nonces = signing.take({ kind: 'sign', attempt, tau });
      try {
        const entries = own.flatMap((pair, index): Round2Entry[] => {
          const partial = sessions[index]?.sign(at(nonces, index), member);
          return partial === undefined ? [] : [{ item: at(request.items, pair.item).item, signer: pair.signer, partial }];
        });
        return signing.round2 = this.#write(request, attempt, tau, session, authorisation, encodeRound2(entries));
      } catch (error) {
        signing.apply({ kind: 'burn' });
        throw error;
      } finally {
        nonces.forEach((nonce) => nonce.wipe());
      }
    });
  }

  #draw(request: VerifiedRequest, place: number, attempt: number, member: SecretKey): SecretNonce {
    const item = at(request.items, place);
    const chain = request.roster.chainOf(item.subset, item.tweaks).hash;
    const extra = extraInput({ request: request.request.digest, attempt, boot: this.boot, item: place, signer: this.node.index, subset: item.subset, chain, adaptor: item.adaptor });
    return SecretNonce.generate(member, at(request.keys, place), messageOf(item), extra);
  }

  #write(request: VerifiedRequest, attempt: number, tau: Hash32 | undefined, session: SessionSecret, authorisation: SecretKey, plaintext: Uint8Array): RoundBlob {
    const [roster, digest] = [request.roster.rosterHash, request.request.digest];
    const purpose = tau === undefined ? purposes.round1 : purposes.round2;
    const additional = tau === undefined ? aad.round1(roster, digest, attempt, this.node) : aad.round2(roster, digest, attempt, this.node, tau);
    const blob = session.encrypt(request.roster.manifestHash, purpose, additional, plaintext);
    return signRound(purpose, roster, digest, { attempt, node: this.node, boot: this.boot, tau, blob }, authorisation);
  }

  #ownPairs(request: VerifiedRequest, pairs: RoundPairs): { readonly item: number; readonly signer: number }[] {
    return pairs.ofNode(request.nodes.findIndex((node) => sameNode(node, this.node))).map((pair) => at(pairs.all, pair));
  }

  #decisions(request: VerifiedRequest, approvals: readonly SignedStatement[]) {
    return approvals.map((approval) => readDecision(this.#group.roster, request.request.digest, approval));
  }

  #enter(request: VerifiedRequest): HomeSigning {
    for (const [digest, signing] of this.#signings) {
      if (this.#now() > signing.request.request.value.expires + grace) {
        signing.wipe();
        this.#signings.delete(digest);
      }
    }
    const signing = this.#signings.get(request.request.digest) ?? new HomeSigning(request);
    this.#signings.set(request.request.digest, signing);
    return signing;
  }

  // `use` is not awaited: while it has the keys nothing else runs.
  async #withKeys<T>(use: (session: SessionSecret, member: SecretKey, authorisation: SecretKey) => T): Promise<T> {
    const record = await this.#records.get(this.#group.id);
    const member = await this.#records.member(this.#group.id, at(this.#group.members, this.node.index).memberKey);
    try {
      const authorisation = await this.#records.authorisation(record);
      return await wiping(authorisation, () => this.#withSession(async (session) => use(session, member, authorisation)));
    } finally {
      member.wipe();
    }
  }

  async #withSession<T>(use: (session: SessionSecret) => Promise<T>): Promise<T> {
    return await wiping(await this.#records.session(this.#group.id), use);
  }
}
