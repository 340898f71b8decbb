// protocol.md section 6: created - 2 min <= now <= expires; sign_until of the manifest ends signing.
import { KeyMeldError } from '../errors/keyMeldError.js';
import { limits } from '../limits.js';
import type { Manifest } from '../statements/manifest.js';
import type { SigningRequest } from '../statements/signingRequest.js';

export function checkWindow(manifest: Manifest, request: SigningRequest, now: number): void {
  if (now < request.created - limits.requestSkew) {
    throw new KeyMeldError('not_yet_valid', 'The request is dated in the future.');
  }
  if (now > request.expires) {
    throw new KeyMeldError('expired', 'The request has expired.');
  }
  if (manifest.signUntil !== undefined && now > manifest.signUntil) {
    throw new KeyMeldError('signing_closed', "The group's time to sign is over.");
  }
}
