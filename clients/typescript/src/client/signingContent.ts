import { utf8 } from '../bytes/bytes.js';
import { type Hash32, type Id16, type PublicKey, hash32 } from '../bytes/ids.js';
import { sha256Hex } from '../crypto/hashes.js';
import type { TweakChain } from '../statements/tweakChain.js';
import type { AdaptorOfAll } from './adaptorChallenge.js';

/** The longest content that travels with the request, so that approvers see it. */
const largestShown = 64 * 1024;

/** One thing to sign. */
export interface SigningContent {
  /** What is signed: 32 bytes. */
  readonly message: Hash32;
  /** What the message is the SHA-256 of; approvers recompute it. */
  readonly preimage?: Uint8Array | undefined;
  readonly subset?: Id16 | undefined;
  /** A chain of its own in place of the group's or subset's. */
  readonly tweaks?: TweakChain | undefined;
  /** Pre-sign for whoever knows the secret of this point, or for whoever knows all secrets of several (`AdaptorChallenge`). For any of several: a content for each. */
  readonly adaptor?: PublicKey | AdaptorOfAll | undefined;
}

/** What else may be said of a content. */
export type ContentOptions = Pick<SigningContent, 'subset' | 'tweaks' | 'adaptor'>;

/** Signs the SHA-256 of these bytes or this text, and shows them to the approvers (up to 64 KiB). */
export function contentOf(content: Uint8Array | string, options: ContentOptions = {}): SigningContent {
  const bytes = typeof content === 'string' ? utf8(content) : content.slice();
  return { ...options, message: sha256Hex(bytes), preimage: bytes.length <= largestShown ? bytes : undefined };
}

/** Signs a hash nobody can look into, for example a transaction's sighash: the approvers have to approve it as opaque. */
export const contentOfHash = (hash: Uint8Array, options: ContentOptions = {}): SigningContent => ({ ...options, message: hash32(hash) });
