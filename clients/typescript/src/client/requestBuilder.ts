// protocol.md section 6, "Request", from the requester's side.
import { randomId } from '../bytes/ids.js';
import { sha256Hex } from '../crypto/hashes.js';
import type { SecretKey } from '../crypto/secretKey.js';
import { KeyMeldError } from '../errors/keyMeldError.js';
import type { SessionSecret } from '../groups/sessionSecret.js';
import { limits } from '../limits.js';
import { sealItems } from '../signing/sealedItems.js';
import { type VerifiedRequest, verifyRequest } from '../signing/verifiedRequest.js';
import { signStatement } from '../statements/signed.js';
import type { SigningItem } from '../statements/signingItems.js';
import { signingRequestKind } from '../statements/signingRequest.js';
import { AdaptorOfAll, signingIdOf } from './adaptorChallenge.js';
import type { Group } from './group.js';
import { refuseRaw } from './groupPlan.js';
import type { SigningContent } from './signingContent.js';
import type { SigningReference } from './signingReference.js';

export interface RequestOptions {
  /** Milliseconds until it expires; 10 minutes when absent, at most 24 hours. */
  readonly lifetime?: number;
  /** As the group's creator, where the manifest allows it. */
  readonly asCreator?: boolean;
  /** plain and xonly tweaks can hide a script that nobody sees. */
  readonly allowRawTweaks?: boolean;
}

export const usualLifetime = 10 * 60 * 1000;

/** A signed request that is stored and may be posted, the same bytes each time. */
export interface PreparedRequest {
  readonly reference: SigningReference;
  readonly request: VerifiedRequest;
  readonly sealed: Uint8Array;
}

export function buildRequest(group: Group, contents: readonly SigningContent[], options: RequestOptions, session: SessionSecret, requester: SecretKey, now: number): PreparedRequest {
  const lifetime = options.lifetime ?? usualLifetime;
  check(group, contents, options, lifetime);
  const items = contents.map((content): SigningItem => ({
    item: content.adaptor instanceof AdaptorOfAll ? content.adaptor.challenge.item : randomId(),
    message: content.message,
    subset: content.subset,
    tweaks: content.tweaks,
    ...(content.adaptor instanceof AdaptorOfAll ? { adaptor: content.adaptor.point, points: content.adaptor.points } : { adaptor: content.adaptor }),
    context: content.preimage === undefined ? undefined : { type: 'sha256', data: content.preimage },
  }));
  const signing = signingIdOf(group, contents.flatMap(({ adaptor }) => (adaptor instanceof AdaptorOfAll ? [adaptor] : []))) ?? randomId();
  const sealed = sealItems(group.roster, session, signing, items);
  const signers = [...new Set(contents.flatMap((content) => group.roster.signersOf(content.subset)))].sort((a, b) => a - b);
  const by = options.asCreator === true ? 'creator' : group.myIndex ?? 'creator';
  const request = signStatement(signingRequestKind, {
    roster: group.rosterHash, signing, by, created: now, expires: now + lifetime, items: items.length, signers, sealed: sha256Hex(sealed),
  }, requester);
  // What the others will check is checked here first, by the same code.
  const verified = verifyRequest(group.roster, request.statement, sealed, session);
  return { reference: { gateway: group.gateway, group: group.id, request: request.digest }, request: verified, sealed };
}

function check(group: Group, contents: readonly SigningContent[], options: RequestOptions, lifetime: number): void {
  if (contents.length < 1 || contents.length > limits.items) {
    throw new KeyMeldError('limit_exceeded', `A request has 1 to ${limits.items} items, not ${contents.length}.`);
  }
  if (!(lifetime > 0) || lifetime > limits.requestLifetime) {
    throw new KeyMeldError('request_invalid', 'A request lives longer than nothing and at most 24 hours.');
  }
  if (options.asCreator === true ? !(group.isCreator && group.manifest.creatorRequests) : group.myIndex === undefined) {
    throw new KeyMeldError('request_invalid', options.asCreator === true ? "The group's creator may not request signatures, or is somebody else." : 'This profile has no place in the group.');
  }
  const known = new Set(group.manifest.subsets.map((subset) => subset.id));
  const lost = contents.find((content) => content.subset !== undefined && !known.has(content.subset));
  if (lost !== undefined) {
    throw new KeyMeldError('request_invalid', `The group has no subset ${lost.subset}.`);
  }
  refuseRaw(contents.map((content) => content.tweaks), options.allowRawTweaks, 'Set allowRawTweaks if you want that.');
}
