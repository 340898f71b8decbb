// protocol.md section 6, "Adaptors": and = points with proofs. Without them whoever names its point last could cancel the others' (T_n = x·G − the rest) and complete alone.
import { parseBase64Url, toBase64Url } from '../bytes/base64.js';
import { at, concat } from '../bytes/bytes.js';
import { fromHex } from '../bytes/hex.js';
import { type Hash32, type Id16, type PublicKey, type Signature, hash32, id16, randomId } from '../bytes/ids.js';
import { publicKey, sumOf, toXOnly, verifySchnorr } from '../crypto/publicKeys.js';
import type { SecretKey } from '../crypto/secretKey.js';
import { KeyMeldError } from '../errors/keyMeldError.js';
import { limits } from '../limits.js';
import { adaptorProofDigest } from '../signing/verifiedRequest.js';
import type { AdaptorPoint } from '../statements/signingItems.js';
import type { Group } from './group.js';

const prefix = 'keymeldpoints1.';
const headSize = 32 + 16 + 16;
const pointSize = 33;
const mostSize = headSize + limits.maxPoints * pointSize;

/** The sum of several points, each with a verified proof of its owner that it knows the secret: all secrets together (`SecretKey.sum`) complete the signature. */
export class AdaptorOfAll {
  readonly challenge: AdaptorChallenge;
  readonly points: readonly AdaptorPoint[];

  /** @internal From {@link AdaptorChallenge.complete}. */
  constructor(challenge: AdaptorChallenge, points: readonly AdaptorPoint[]) {
    this.challenge = challenge;
    this.points = points;
  }

  get point(): PublicKey {
    return this.challenge.sum;
  }
}

/**
 * What the owners of the points of an *and* adaptor prove that they know their secrets for: this group, this request, this item, these points. One line; it is public and
 * travels out of band. A proof is good for one request: a request that is made again needs new ones.
 */
export class AdaptorChallenge {
  /** ρ of the group that will sign. */
  readonly roster: Hash32;
  /** The id the request will have; several challenges of one request share it. */
  readonly signing: Id16;
  /** The id the item will have. */
  readonly item: Id16;
  readonly points: readonly PublicKey[];
  /** T. */
  readonly sum: PublicKey;

  private constructor(roster: Hash32, signing: Id16, item: Id16, points: readonly PublicKey[]) {
    if (points.length < limits.minPoints || points.length > limits.maxPoints) {
      throw invalid(`An and adaptor has ${limits.minPoints} to ${limits.maxPoints} points, not ${points.length}.`);
    }
    if (new Set(points.map(toXOnly)).size !== points.length) {
      throw invalid('Two of the points are equal, or one is the negative of another.');
    }
    const sum = sumOf(points);
    if (sum === undefined) {
      throw invalid('The points cancel each other.');
    }
    [this.roster, this.signing, this.item, this.points, this.sum] = [roster, signing, item, points, sum];
  }

  /** Draws the ids for an item to be. `sameRequest`: another challenge for the same request. */
  static create(group: Group, points: readonly PublicKey[], sameRequest?: AdaptorChallenge): AdaptorChallenge {
    if (sameRequest !== undefined && sameRequest.roster !== group.rosterHash) {
      throw invalid('The other challenge is for another group.');
    }
    return new AdaptorChallenge(group.rosterHash, sameRequest?.signing ?? randomId(), randomId(), [...points]);
  }

  /** White space around it is allowed. */
  static parse(text: string): AdaptorChallenge {
    const line = text.trim();
    const bytes = line.startsWith(prefix) && line.length <= prefix.length + 2 * mostSize ? parseBase64Url(line.slice(prefix.length)) : undefined;
    if (bytes === undefined || bytes.length <= headSize || bytes.length > mostSize || (bytes.length - headSize) % pointSize !== 0) {
      throw invalid(`This is not a challenge for points; copy the whole line that begins with ${prefix}`);
    }
    const points = Array.from({ length: (bytes.length - headSize) / pointSize }, (_, index) => {
      const point = publicKey(bytes.slice(headSize + index * pointSize, headSize + (index + 1) * pointSize));
      if (point === undefined) {
        throw invalid('A point of the challenge is none.');
      }
      return point;
    });
    return new AdaptorChallenge(hash32(bytes.slice(0, 32)), id16(bytes.slice(32, 48)), id16(bytes.slice(48, headSize)), points);
  }

  /** Proves that the caller knows the secret of one of the points: a BIP-340 signature by it. It reveals nothing of the secret. */
  prove(secret: SecretKey): Signature {
    const index = this.points.indexOf(secret.publicKey);
    if (index < 0) {
      throw new KeyMeldError('adaptor_mismatch', 'The secret is not that of any point of the challenge.');
    }
    return secret.signSchnorr(this.#digest(index));
  }

  /** Which point a proof is for; undefined when it proves none. */
  match(proof: Signature): number | undefined {
    const found = this.points.findIndex((point, index) => verifySchnorr(toXOnly(point), this.#digest(index), proof));
    return found < 0 ? undefined : found;
  }

  /** The adaptor, once every owner has proved its point; proofs in any order. */
  complete(proofs: readonly Signature[]): AdaptorOfAll {
    const placed: (Signature | undefined)[] = this.points.map(() => undefined);
    for (const proof of proofs) {
      const index = this.match(proof);
      if (index === undefined) {
        throw invalid('A proof is not for any point of this challenge.');
      }
      placed[index] = proof;
    }
    return new AdaptorOfAll(this, placed.map((proof, index) => {
      const point = at(this.points, index);
      if (proof === undefined) {
        throw invalid(`There is no proof for the point ${point}.`);
      }
      return { point, proof };
    }));
  }

  /** The challenge as one line. */
  toString(): string {
    return prefix + toBase64Url(concat(fromHex(this.roster), fromHex(this.signing), fromHex(this.item), ...this.points.map(fromHex)));
  }

  #digest(index: number): Uint8Array {
    return adaptorProofDigest(this.roster, this.signing, this.item, index, this.points);
  }
}

/** The id that the proofs of a request's points were made for; undefined where there are none. */
export function signingIdOf(group: Group, adaptors: readonly AdaptorOfAll[]): Id16 | undefined {
  const challenges = adaptors.map((adaptor) => adaptor.challenge);
  if (challenges.some((challenge) => challenge.roster !== group.rosterHash)) {
    throw invalid('The points were proved for another group.');
  }
  if (new Set(challenges.map((challenge) => challenge.signing)).size > 1) {
    throw invalid('The points were proved for different requests; make the challenges of one request together (sameRequest).');
  }
  if (new Set(challenges.map((challenge) => challenge.item)).size !== challenges.length) {
    throw invalid('One challenge is used for two items; each item needs its own.');
  }
  return challenges[0]?.signing;
}

const invalid = (message: string): KeyMeldError => new KeyMeldError('adaptor_invalid', message);
