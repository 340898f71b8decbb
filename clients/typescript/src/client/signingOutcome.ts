import { at } from '../bytes/bytes.js';
import type { Hash32, Id16, PublicKey, Signature, XOnlyKey } from '../bytes/ids.js';
import { KeyMeldError, knownCode } from '../errors/keyMeldError.js';
import type { ErrorCode } from '../generated/errorCodes.js';
import { invalidAnswer } from '../http/answers.js';
import type { SigningState } from '../profile/records.js';
import type { VerifiedRequest } from '../signing/verifiedRequest.js';
import type { ItemResult } from '../statements/signingResult.js';
import type { SigningReference } from './signingReference.js';

/** What became of an item. A signature was verified against the group's own key here. */
export type SignedItem =
  | { readonly kind: 'signed'; readonly id: Id16; readonly message: Hash32; readonly outputKey: XOnlyKey; readonly signature: Signature }
  | { readonly kind: 'presigned'; readonly id: Id16; readonly message: Hash32; readonly outputKey: XOnlyKey; readonly point: PublicKey; readonly preSignature: Signature }
  | { readonly kind: 'failed'; readonly id: Id16; readonly message: Hash32; readonly error: string; readonly culprit: string | undefined };

/** How a signing stands. The state is the gateway's word; items are there only when they verified. */
export class SigningOutcome {
  readonly reference: SigningReference;
  readonly state: SigningState;
  readonly error: ErrorCode | undefined;
  readonly items: readonly SignedItem[] | undefined;

  constructor(reference: SigningReference, state: SigningState, error: ErrorCode | undefined, items: readonly SignedItem[] | undefined) {
    this.reference = reference;
    this.state = state;
    this.error = error;
    this.items = items;
  }

  get isFinal(): boolean {
    return this.state !== 'waiting' && this.state !== 'running';
  }

  /** Every item has its signature or pre-signature, verified. */
  get isSigned(): boolean {
    return this.items?.every((item) => item.kind !== 'failed') === true;
  }

  /** The signatures in the order of the items; throws when anything is not signed. */
  get signatures(): readonly Signature[] {
    return (this.requireSigned().items ?? []).map((item) => {
      if (item.kind !== 'signed') {
        throw new KeyMeldError('unsupported', `Item ${item.id} has a pre-signature; take it from items.`);
      }
      return item.signature;
    });
  }

  /** This, if every item is signed; otherwise throws why not. */
  requireSigned(): this {
    if (this.isSigned) {
      return this;
    }
    const failed = this.items?.find((item) => item.kind === 'failed');
    if (failed !== undefined) {
      throw new KeyMeldError(knownCode(failed.error), `Item ${failed.id} was not signed: ${failed.error}${failed.culprit === undefined ? '' : `, by ${failed.culprit}`}.`);
    }
    switch (this.state) {
      case 'rejected':
        throw new KeyMeldError('rejected', 'A member rejected the request.');
      case 'cancelled':
        throw new KeyMeldError('cancelled', 'The requester cancelled the request.');
      case 'expired':
        throw new KeyMeldError('expired', "The request's time ran out.");
      case 'failed':
        throw new KeyMeldError(this.error ?? 'internal', `The gateway says that the signing failed: ${this.error ?? 'internal'}.`);
      case 'completed':
        throw invalidAnswer('the signing is called completed, and there is no result');
      case 'waiting':
      case 'running':
        throw new KeyMeldError('still_pending', 'It is not finished yet.');
    }
  }
}

/** A verified result in the caller's terms. */
export function signedItems(request: VerifiedRequest, results: readonly ItemResult[]): SignedItem[] {
  return results.map((result, index): SignedItem => {
    const item = at(request.items, index);
    const common = { id: item.item, message: item.message };
    const { outputKey } = at(request.keys, index);
    switch (result.kind) {
      case 'completed':
        return { kind: 'signed', ...common, outputKey, signature: result.signature };
      case 'presigned':
        if (item.adaptor === undefined) {
          throw invalidAnswer('the result has something other than a signature');
        }
        return { kind: 'presigned', ...common, outputKey, point: item.adaptor, preSignature: result.preSignature };
      case 'failed':
        return { kind: 'failed', ...common, error: result.error, culprit: result.node && `${result.node.kind === 'enclave' ? 'enclave' : 'member'} ${result.node.index} of the group` };
    }
  });
}
