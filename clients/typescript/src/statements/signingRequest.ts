// protocol.md sections 6 and 10: signing-request.
import type { Hash32, Id16 } from '../bytes/ids.js';
import { CborEncoder } from '../cbor/encoder.js';
import { StrictCborReader } from '../cbor/reader.js';
import { limits } from '../limits.js';
import * as rules from './rules.js';
import type { StatementKind } from './signed.js';

export interface SigningRequest {
  readonly roster: Hash32;
  readonly signing: Id16;
  readonly by: number | 'creator';
  readonly created: number;
  readonly expires: number;
  readonly items: number;
  readonly signers: readonly number[];
  /** SHA-256 of the sealed items. */
  readonly sealed: Hash32;
}

export const signingRequestKind: StatementKind<SigningRequest> = {
  type: 'signing-request',
  parse(bytes) {
    const reader = new StrictCborReader(bytes, 'signing-request', limits.statementBytes);
    const map = reader.versionedMap();
    reader.key(map, 'by');
    const by = reader.isText ? reader.word(['creator']) : reader.int();
    reader.key(map, 'items');
    const items = reader.int();
    reader.key(map, 'roster');
    const roster = reader.hash();
    reader.key(map, 'sealed');
    const sealed = reader.hash();
    reader.key(map, 'created');
    const created = reader.time();
    reader.key(map, 'expires');
    const expires = reader.time();
    reader.key(map, 'signers');
    const signers = reader.indexes(1, limits.participants);
    reader.key(map, 'signing');
    const signing = reader.id();
    reader.endMap(map);
    reader.end();
    const request = { roster, signing, by, created, expires, items, signers, sealed };
    check(request);
    return request;
  },
  encode(request) {
    check(request);
    const encoder = new CborEncoder(384).map(9).key('v').number(1).key('by');
    request.by === 'creator' ? encoder.text(request.by) : encoder.number(request.by);
    encoder.key('items').number(request.items).key('roster').hex(request.roster).key('sealed').hex(request.sealed);
    encoder.key('created').number(request.created).key('expires').number(request.expires);
    return rules.finish(encoder.key('signers').indexes(request.signers).key('signing').hex(request.signing));
  },
};

function check(request: SigningRequest): void {
  rules.number(request.by === 'creator' ? 0 : request.by, 'by');
  rules.lifetime(request.created, request.expires);
  rules.require(request.items >= 1 && request.items <= limits.items, `A request has 1 to ${limits.items} items.`);
  rules.require(request.signers.length > 0, 'A request needs signers.');
  rules.ascending(request.signers, limits.participants, 'signers');
}
