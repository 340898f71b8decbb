import { at } from '../bytes/bytes.js';
import type { Hash32, Id16, PublicKey, XOnlyKey } from '../bytes/ids.js';
import { sha256Hex } from '../crypto/hashes.js';
import { showText } from '../http/untrustedText.js';
import { type Awaited, type MemberDecision, awaitedBy } from '../signing/approvalRule.js';
import type { VerifiedRequest } from '../signing/verifiedRequest.js';
import type { SigningItem } from '../statements/signingItems.js';
import type { TweakChain } from '../statements/tweakChain.js';
import type { Group } from './group.js';
import type { SigningReference } from './signingReference.js';

/**
 * What would be signed: a content whose hash is the message (`shown`), one the reviewer had itself (`matched`), a hash nobody can look into (`opaque`), a content that is
 * not what would be signed (`mismatch`: an attack), or one of a type this version cannot check.
 */
export type ItemContent =
  | { readonly kind: 'shown'; readonly data: Uint8Array }
  | { readonly kind: 'matched' }
  | { readonly kind: 'opaque' }
  | { readonly kind: 'mismatch'; readonly data: Uint8Array }
  | { readonly kind: 'unknown'; readonly type: string };

export interface ReviewItem {
  readonly index: number;
  readonly id: Id16;
  readonly message: Hash32;
  readonly subset: Id16 | undefined;
  /** A chain of its own: look at it. */
  readonly ownTweaks: TweakChain | undefined;
  /** What the signature is to verify under. */
  readonly outputKey: XOnlyKey;
  readonly signers: readonly number[];
  readonly adaptor: PublicKey | undefined;
  /** The same message is also signed plain, so the adaptor holds nobody back. */
  readonly alsoSignedPlain: boolean;
  readonly content: ItemContent;
}

/** A request as an approver sees it: verified, opened, with what it still waits for. */
export class SigningReview {
  readonly group: Group;
  readonly reference: SigningReference;
  /** @internal */ readonly request: VerifiedRequest;
  readonly decisions: readonly MemberDecision[];
  readonly awaited: Awaited;
  #items: readonly ReviewItem[];

  constructor(group: Group, reference: SigningReference, request: VerifiedRequest, decisions: readonly MemberDecision[]) {
    this.group = group;
    this.reference = reference;
    this.request = request;
    this.decisions = decisions;
    this.awaited = awaitedBy(request, decisions);
    const plain = new Set(request.items.filter((item) => item.adaptor === undefined).map((item) => item.message));
    this.#items = request.items.map((item, index) => ({
      index, id: item.item, message: item.message, subset: item.subset, ownTweaks: item.tweaks, outputKey: at(request.keys, index).outputKey,
      signers: request.roster.signersOf(item.subset), adaptor: item.adaptor, alsoSignedPlain: item.adaptor !== undefined && plain.has(item.message), content: contentOfItem(item),
    }));
  }

  get items(): readonly ReviewItem[] {
    return this.#items;
  }

  get requestedBy(): number | 'creator' {
    return this.request.request.value.by;
  }

  /** Unix milliseconds. */
  get expires(): number {
    return this.request.request.value.expires;
  }

  /** Everything can be seen. */
  get isShown(): boolean {
    return this.#items.every((item) => item.content.kind === 'shown' || item.content.kind === 'matched');
  }

  /** Marks the opaque items that sign exactly this content, which the reviewer got elsewhere; says how many. */
  match(content: Uint8Array): number {
    const message = sha256Hex(content);
    const fits = (item: ReviewItem): boolean => item.message === message && (item.content.kind === 'opaque' || item.content.kind === 'matched');
    const count = this.#items.filter(fits).length;
    this.#items = this.#items.map((item) => (fits(item) ? { ...item, content: { kind: 'matched' } } : item));
    return count;
  }
}

function contentOfItem(item: SigningItem): ItemContent {
  if (item.context === undefined) {
    return { kind: 'opaque' };
  }
  const { type, data } = item.context;
  return type === 'sha256' ? { kind: sha256Hex(data) === item.message ? 'shown' : 'mismatch', data } : { kind: 'unknown', type: showText(type) };
}
