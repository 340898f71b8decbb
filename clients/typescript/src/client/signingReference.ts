import { parseBase64Url, toBase64Url } from '../bytes/base64.js';
import { concat, fromUtf8, utf8 } from '../bytes/bytes.js';
import { fromHex } from '../bytes/hex.js';
import { type Hash32, hash32 } from '../bytes/ids.js';
import { KeyMeldError } from '../errors/keyMeldError.js';
import { isWellFormed } from '../http/address.js';

const prefix = 'keymeldsign1.';
const longestLine = 4096 + 64;

/** Which signing, of which group, at which gateway. It is no secret. */
export interface SigningReference {
  readonly gateway: string;
  readonly group: Hash32;
  /** D, the digest of the request. */
  readonly request: Hash32;
}

/** One line to hand to the other members. */
export const formatReference = (reference: SigningReference): string =>
  prefix + toBase64Url(concat(fromHex(reference.group), fromHex(reference.request), utf8(new URL(reference.gateway).href)));

export function parseReference(text: string): SigningReference {
  const line = text.trim();
  const bytes = line.startsWith(prefix) && line.length <= longestLine ? parseBase64Url(line.slice(prefix.length)) : undefined;
  const gateway = bytes === undefined || bytes.length <= 64 ? undefined : fromUtf8(bytes.subarray(64));
  if (bytes === undefined || gateway === undefined || !URL.canParse(gateway) || new URL(gateway).href !== gateway || !isWellFormed(new URL(gateway))) {
    throw new KeyMeldError('bad_request', `This is not a signing reference; copy the whole line that begins with ${prefix}`);
  }
  return { gateway, group: hash32(bytes.subarray(0, 32)), request: hash32(bytes.subarray(32, 64)) };
}
