// protocol.md sections 5 and 10: registration.
import type { Hash32, Id16, XOnlyKey } from '../bytes/ids.js';
import { CborEncoder } from '../cbor/encoder.js';
import { StrictCborReader } from '../cbor/reader.js';
import { wireOverhead } from '../crypto/aesGcmWire.js';
import { limits } from '../limits.js';
import * as rules from './rules.js';
import type { StatementKind } from './signed.js';

export const keySources = ['imported', 'made', 'home'] as const;

/** Where a member key comes from and is: imported into an enclave, made by one, or kept at home. */
export type KeySource = (typeof keySources)[number];

export interface Registration {
  readonly manifest: Hash32;
  readonly user: Id16;
  readonly auth: XOnlyKey;
  readonly approval: boolean;
  readonly source: KeySource;
  /** Session-encrypted 33-byte key ‖ proof of possession. */
  readonly memberKey: Uint8Array;
  /** SHA-256 of the envelope's wire; absent exactly when the key is kept at home. */
  readonly envelope?: Hash32 | undefined;
}

const memberKeySize = wireOverhead + 33 + 64;

export const registrationKind: StatementKind<Registration> = {
  type: 'registration',
  parse(bytes) {
    const reader = new StrictCborReader(bytes, 'registration', limits.statementBytes);
    const map = reader.versionedMap();
    reader.key(map, 'auth');
    const auth = reader.xOnlyKey();
    reader.key(map, 'user');
    const user = reader.id();
    reader.key(map, 'source');
    const source = reader.word(keySources);
    reader.key(map, 'approval');
    const approval = reader.boolean();
    const envelope = reader.optional(map, 'envelope', () => reader.hash());
    reader.key(map, 'manifest');
    const manifest = reader.hash();
    reader.key(map, 'member_key');
    const memberKey = reader.bytes(memberKeySize);
    reader.endMap(map);
    reader.end();
    const registration = { manifest, user, auth, approval, source, memberKey, envelope };
    check(registration);
    return registration;
  },
  encode(registration) {
    check(registration);
    const encoder = new CborEncoder(384).map(registration.envelope === undefined ? 7 : 8).key('v').number(1);
    encoder.key('auth').hex(registration.auth).key('user').hex(registration.user).key('source').text(registration.source);
    encoder.key('approval').boolean(registration.approval).optionalHex('envelope', registration.envelope);
    return rules.finish(encoder.key('manifest').hex(registration.manifest).key('member_key').bytes(registration.memberKey));
  },
};

function check(registration: Registration): void {
  rules.require(registration.memberKey.length === memberKeySize, `The member key is not ${memberKeySize} bytes.`);
  rules.require((registration.envelope === undefined) === (registration.source === 'home'), 'There is an envelope exactly when the key is not kept at home.');
}
