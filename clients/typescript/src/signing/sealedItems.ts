// protocol.md sections 6 and 10: signing-items, aad [purpose, ρ, signing]; signing-request.sealed = SHA-256 of the wire.
import type { Id16 } from '../bytes/ids.js';
import { sha256Hex } from '../crypto/hashes.js';
import { wiping } from '../crypto/secrets.js';
import { KeyMeldError } from '../errors/keyMeldError.js';
import { type SigningItem, encodeItems, parseItems } from '../statements/signingItems.js';
import type { SigningRequest } from '../statements/signingRequest.js';
import { aad, purposes } from '../groups/aad.js';
import type { Roster } from '../groups/roster.js';
import type { SessionSecret } from '../groups/sessionSecret.js';

export const sealItems = (roster: Roster, session: SessionSecret, signing: Id16, items: readonly SigningItem[]): Uint8Array =>
  wiping(encodeItems(items), (plaintext) => session.encrypt(roster.manifestHash, purposes.signingItems, aad.signingItems(roster.rosterHash, signing), plaintext));

export function openItems(roster: Roster, request: SigningRequest, wire: Uint8Array, session: SessionSecret): SigningItem[] {
  if (request.sealed !== sha256Hex(wire)) {
    throw new KeyMeldError('items_invalid', 'The items are not those the request was signed for.');
  }
  const plaintext = session.decrypt(roster.manifestHash, purposes.signingItems, aad.signingItems(request.roster, request.signing), wire);
  if (plaintext === undefined) {
    throw new KeyMeldError('items_invalid', "The items do not open with the group's secret.");
  }
  try {
    return wiping(plaintext, parseItems); // messages are the group's alone
  } catch (error) {
    throw error instanceof KeyMeldError && error.code === 'statement_invalid' ? new KeyMeldError('items_invalid', error.message, { cause: error }) : error;
  }
}
