// protocol.md sections 7 and 10: key.
import type { Hash32, Id16, XOnlyKey } from '../bytes/ids.js';
import { CborEncoder } from '../cbor/encoder.js';
import { StrictCborReader } from '../cbor/reader.js';
import { limits } from '../limits.js';
import { type EnclaveKeys, checkEnclaveKeys, readEnclaveKeys, writeEnclaveKeys } from './enclaveKeys.js';
import { type KeySource, keySources } from './registration.js';
import * as rules from './rules.js';
import type { StatementKind } from './signed.js';

/** A key of one owner. */
export interface KeyStatement {
  readonly key: Id16;
  readonly user: Id16;
  readonly auth: XOnlyKey;
  readonly enclave: EnclaveKeys;
  readonly source: KeySource;
  /** SHA-256 of the HPKE wire, exactly when imported. */
  readonly envelope?: Hash32 | undefined;
  readonly created: number;
}

export const keyKind: StatementKind<KeyStatement> = {
  type: 'key',
  parse(bytes) {
    const reader = new StrictCborReader(bytes, 'key', limits.statementBytes);
    const map = reader.versionedMap();
    reader.key(map, 'key');
    const key = reader.id();
    reader.key(map, 'auth');
    const auth = reader.xOnlyKey();
    reader.key(map, 'user');
    const user = reader.id();
    reader.key(map, 'source');
    const source = reader.word(keySources);
    reader.key(map, 'created');
    const created = reader.time();
    reader.key(map, 'enclave');
    const enclave = readEnclaveKeys(reader);
    const envelope = reader.optional(map, 'envelope', () => reader.hash());
    reader.endMap(map);
    reader.end();
    const statement = { key, user, auth, enclave, source, envelope, created };
    check(statement);
    return statement;
  },
  encode(statement) {
    check(statement);
    const encoder = new CborEncoder(320).map(statement.envelope === undefined ? 7 : 8).key('v').number(1);
    encoder.key('key').hex(statement.key).key('auth').hex(statement.auth).key('user').hex(statement.user).key('source').text(statement.source);
    writeEnclaveKeys(encoder.key('created').number(statement.created).key('enclave'), statement.enclave);
    return rules.finish(encoder.optionalHex('envelope', statement.envelope));
  },
};

function check(statement: KeyStatement): void {
  rules.time(statement.created, 'created');
  checkEnclaveKeys(statement.enclave);
  rules.require(statement.source !== 'home', 'A single-signer key is imported or made.');
  rules.require((statement.envelope === undefined) === (statement.source === 'made'), 'There is an envelope exactly when the key is imported.');
}
