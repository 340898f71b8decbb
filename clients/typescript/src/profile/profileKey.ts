// PBKDF2-HMAC-SHA256 (RFC 8018 section 5.2) by the platform, its 32 bytes expanded by HKDF (RFC 5869).
import { parseBase64, toBase64 } from '../bytes/base64.js';
import { equalBytes, fromUtf8, utf8 } from '../bytes/bytes.js';
import { deriveLabelled } from '../crypto/derivation.js';
import { randomBytes } from '../crypto/random.js';
import { wipeBytes, wiping } from '../crypto/secrets.js';
import { KeyMeldError } from '../errors/keyMeldError.js';
import { checkProfileHeader } from './records.js';

const iterations = 600_000;
const mostIterations = 50_000_000;

/** A key that encrypts a profile, and the header from which the passphrase gives it again. */
export interface ProfileKey {
  readonly key: Uint8Array;
  readonly header: Uint8Array;
}

export async function makeProfileKey(passphrase: Uint8Array): Promise<ProfileKey> {
  const salt = randomBytes(16);
  const { key, check } = await derive(passphrase, salt, iterations);
  return { key, header: utf8(JSON.stringify({ version: 1, iterations, salt: toBase64(salt), check: toBase64(check) })) };
}

/** The key again; `passphrase_wrong` if it is not the passphrase the profile was made with. */
export async function openProfileKey(header: Uint8Array, passphrase: Uint8Array): Promise<Uint8Array> {
  const read = readHeader(header);
  const { key, check } = await derive(passphrase, read.salt, read.iterations);
  if (!equalBytes(check, read.check)) {
    wipeBytes(key);
    throw new KeyMeldError('passphrase_wrong', 'The passphrase is not the one this profile was made with.');
  }
  return key;
}

function readHeader(bytes: Uint8Array): { salt: Uint8Array; check: Uint8Array; iterations: number } {
  try {
    const header = checkProfileHeader(JSON.parse(fromUtf8(bytes) ?? '') as unknown);
    const [salt, check] = [parseBase64(header.salt), parseBase64(header.check)];
    if (salt?.length === 16 && check?.length === 16 && header.iterations >= iterations && header.iterations <= mostIterations) {
      return { salt, check, iterations: header.iterations };
    }
  } catch (error) {
    throw new KeyMeldError('profile_invalid', "The profile's header is damaged.", { cause: error });
  }
  throw new KeyMeldError('profile_invalid', "The profile's header is damaged.");
}

async function derive(passphrase: Uint8Array, salt: Uint8Array, rounds: number): Promise<{ key: Uint8Array; check: Uint8Array }> {
  if (passphrase.length === 0) {
    throw new KeyMeldError('passphrase_wrong', 'A profile that is kept needs a passphrase.');
  }
  const { subtle } = globalThis.crypto;
  const imported = await subtle.importKey('raw', Uint8Array.from(passphrase), 'PBKDF2', false, ['deriveBits']);
  const bits = await subtle.deriveBits({ name: 'PBKDF2', hash: 'SHA-256', salt: Uint8Array.from(salt), iterations: rounds }, imported, 256);
  return wiping(new Uint8Array(bits), (stretched) => ({
    key: deriveLabelled(stretched, 'KeyMeld profile key'),
    check: deriveLabelled(stretched, 'KeyMeld profile check').slice(0, 16),
  }));
}
