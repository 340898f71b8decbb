// protocol.md section 5: terms = TH("KeyMeld/v1/terms", session secret ‖ terms bytes) in the manifest; the terms travel session-encrypted.
import type { Hash32 } from '../bytes/ids.js';
import { KeyMeldError } from '../errors/keyMeldError.js';
import type { Manifest } from '../statements/manifest.js';
import type { Signed } from '../statements/signed.js';
import { type Terms, parseTerms } from '../statements/terms.js';
import { aad, purposes } from './aad.js';
import type { SessionSecret } from './sessionSecret.js';

export const commitTerms = (session: SessionSecret, terms: Uint8Array): Hash32 => session.commit('terms', terms);

export const sealTerms = (session: SessionSecret, manifest: Hash32, terms: Uint8Array): Uint8Array => session.encrypt(manifest, purposes.terms, aad.terms(), terms);

/** Opens the terms, which must be those the manifest commits to, with this very secret. */
export function openTerms(manifest: Signed<Manifest>, session: SessionSecret, wire: Uint8Array): Terms {
  const bytes = session.decrypt(manifest.digest, purposes.terms, aad.terms(), wire);
  if (bytes === undefined) {
    throw new KeyMeldError('terms_mismatch', 'The terms do not open with this session secret.');
  }
  if (commitTerms(session, bytes) !== manifest.value.terms) {
    throw new KeyMeldError('terms_mismatch', 'These are not the terms and the session secret that the manifest commits to.');
  }
  const terms = parseTerms(bytes);
  const known = new Set(manifest.value.subsets.map((subset) => subset.id));
  if (![...terms.subsets.keys()].every((id) => known.has(id))) {
    throw new KeyMeldError('terms_mismatch', 'The terms name a subset that the manifest does not have.');
  }
  return terms;
}
