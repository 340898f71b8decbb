// protocol.md section 5: keymeld1. ‖ base64url without padding of CBOR {v: 1, gateway, manifest, user, ?admission, secret}.
import { parseBase64Url, toBase64Url } from '../bytes/base64.js';
import type { Hash32, Id16 } from '../bytes/ids.js';
import { CborEncoder } from '../cbor/encoder.js';
import { StrictCborReader } from '../cbor/reader.js';
import { type Wipeable, wipeBytes, wiping } from '../crypto/secrets.js';
import { KeyMeldError } from '../errors/keyMeldError.js';

const prefix = 'keymeld1.';
const longestGateway = 2048;
const longestText = 4096;

/** Where to join what, with the secrets for it. Whoever has it can join in this place and read the group: hand it over privately, {@link wipe} it after use. */
export class Invitation implements Wipeable {
  readonly gateway: string;
  readonly manifest: Hash32;
  readonly user: Id16;
  readonly #admission: Uint8Array | undefined;
  readonly #secret: Uint8Array;

  private constructor(gateway: string, manifest: Hash32, user: Id16, admission: Uint8Array | undefined, secret: Uint8Array) {
    this.gateway = gateway;
    this.manifest = manifest;
    this.user = user;
    this.#admission = admission;
    this.#secret = secret;
  }

  /** Takes over the two secrets: the invitation wipes them. */
  static create(gateway: string, manifest: Hash32, user: Id16, admission: Uint8Array | undefined, secret: Uint8Array): Invitation {
    if (!isGateway(gateway)) {
      throw invalid('The gateway of an invitation is an absolute http or https URL');
    }
    return new Invitation(gateway, manifest, user, admission, secret);
  }

  static parse(text: string): Invitation {
    const line = text.trim();
    if (!line.startsWith(prefix)) {
      throw invalid(`An invitation begins with ${prefix}`);
    }
    if (line.length > longestText) {
      throw invalid('It is too long');
    }
    const bytes = parseBase64Url(line.slice(prefix.length));
    if (bytes === undefined) {
      throw invalid('It is not base64url');
    }
    try {
      return wiping(bytes, read);
    } catch (error) {
      throw error instanceof KeyMeldError && error.code === 'statement_invalid' ? invalid('It is damaged or of another version') : error;
    }
  }

  /** A copy of the admission secret, absent when the participant has its own; the caller wipes it. */
  exportAdmission(): Uint8Array | undefined {
    return this.#admission === undefined ? undefined : Uint8Array.from(this.#admission);
  }

  /** A copy of the session secret; the caller wipes it. */
  exportSecret(): Uint8Array {
    return Uint8Array.from(this.#secret);
  }

  /** The line to hand over. It holds the secrets: this is the one place where they become text. */
  reveal(): string {
    return wiping(new CborEncoder(512), (encoder) => {
      encoder.map(this.#admission === undefined ? 5 : 6).key('v').number(1).key('user').hex(this.user).key('secret').bytes(this.#secret);
      encoder.key('gateway').text(this.gateway).key('manifest').hex(this.manifest);
      if (this.#admission !== undefined) {
        encoder.key('admission').bytes(this.#admission);
      }
      return prefix + wiping(encoder.toBytes(), toBase64Url);
    });
  }

  wipe(): void {
    wipeBytes(this.#secret);
    if (this.#admission !== undefined) {
      wipeBytes(this.#admission);
    }
  }

  toString(): string {
    return `Invitation to ${this.manifest}`;
  }

  toJSON(): string {
    return this.toString();
  }
}

function read(bytes: Uint8Array): Invitation {
  const reader = new StrictCborReader(bytes, 'invitation', longestText);
  const map = reader.versionedMap();
  reader.key(map, 'user');
  const user = reader.id();
  reader.key(map, 'secret');
  const secret = reader.bytes(32);
  reader.key(map, 'gateway');
  const gateway = reader.text(longestGateway);
  reader.key(map, 'manifest');
  const manifest = reader.hash();
  const admission = reader.optional(map, 'admission', () => reader.bytes(32));
  reader.endMap(map);
  reader.end();
  return Invitation.create(gateway, manifest, user, admission, secret);
}

// Where to connect to and nothing else: no password, no query, no character that a terminal would act on.
function isGateway(gateway: string): boolean {
  if (gateway.length > longestGateway || !/^[!-~]*$/.test(gateway) || !URL.canParse(gateway)) {
    return false;
  }
  const url = new URL(gateway);
  return (url.protocol === 'http:' || url.protocol === 'https:') && url.username === '' && url.password === '' && !gateway.includes('?') && !gateway.includes('#');
}

const invalid = (why: string): KeyMeldError => new KeyMeldError('invitation_invalid', `${why}.`);
