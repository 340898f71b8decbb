// protocol.md sections 6, 8 and 10: approval, cancel, erase, key-erase.
import type { Hash32, Id16 } from '../bytes/ids.js';
import { CborEncoder } from '../cbor/encoder.js';
import { type MapRest, StrictCborReader } from '../cbor/reader.js';
import { limits } from '../limits.js';
import * as rules from './rules.js';
import type { StatementKind } from './signed.js';

export const decisions = ['approve', 'reject'] as const;

export type Decision = (typeof decisions)[number];

export interface Approval {
  readonly request: Hash32;
  readonly user: Id16;
  readonly decision: Decision;
  readonly created: number;
}

export interface Cancel {
  readonly request: Hash32;
  readonly created: number;
}

export interface Erase {
  readonly manifest: Hash32;
  /** Whose envelope; absent when the creator erases the group. */
  readonly user?: Id16 | undefined;
  readonly created: number;
}

export interface KeyErase {
  readonly key: Hash32;
  readonly created: number;
}

export const approvalKind: StatementKind<Approval> = {
  type: 'approval',
  parse: (bytes) => read(bytes, 'approval', (reader, map) => {
    reader.key(map, 'user');
    const user = reader.id();
    reader.key(map, 'created');
    const created = reader.time();
    reader.key(map, 'request');
    const request = reader.hash();
    reader.key(map, 'decision');
    return { request, user, decision: reader.word(decisions), created };
  }),
  encode(approval) {
    rules.time(approval.created, 'created');
    const encoder = new CborEncoder(128).map(5).key('v').number(1).key('user').hex(approval.user).key('created').number(approval.created);
    return rules.finish(encoder.key('request').hex(approval.request).key('decision').text(approval.decision));
  },
};

export const cancelKind: StatementKind<Cancel> = {
  type: 'cancel',
  parse: (bytes) => read(bytes, 'cancel', (reader, map) => {
    reader.key(map, 'created');
    const created = reader.time();
    reader.key(map, 'request');
    return { request: reader.hash(), created };
  }),
  encode(cancel) {
    rules.time(cancel.created, 'created');
    return rules.finish(new CborEncoder(96).map(3).key('v').number(1).key('created').number(cancel.created).key('request').hex(cancel.request));
  },
};

export const eraseKind: StatementKind<Erase> = {
  type: 'erase',
  parse: (bytes) => read(bytes, 'erase', (reader, map) => {
    const user = reader.optional(map, 'user', () => reader.id());
    reader.key(map, 'created');
    const created = reader.time();
    reader.key(map, 'manifest');
    return { manifest: reader.hash(), user, created };
  }),
  encode(erase) {
    rules.time(erase.created, 'created');
    const encoder = new CborEncoder(96).map(erase.user === undefined ? 3 : 4).key('v').number(1).optionalHex('user', erase.user);
    return rules.finish(encoder.key('created').number(erase.created).key('manifest').hex(erase.manifest));
  },
};

export const keyEraseKind: StatementKind<KeyErase> = {
  type: 'key-erase',
  parse: (bytes) => read(bytes, 'key-erase', (reader, map) => {
    reader.key(map, 'key');
    const key = reader.hash();
    reader.key(map, 'created');
    return { key, created: reader.time() };
  }),
  encode(erase) {
    rules.time(erase.created, 'created');
    return rules.finish(new CborEncoder(96).map(3).key('v').number(1).key('key').hex(erase.key).key('created').number(erase.created));
  },
};

function read<T>(bytes: Uint8Array, what: string, fields: (reader: StrictCborReader, map: MapRest) => T): T {
  const reader = new StrictCborReader(bytes, what, limits.statementBytes);
  const map = reader.versionedMap();
  const value = fields(reader, map);
  reader.endMap(map);
  reader.end();
  return value;
}
