// protocol.md sections 5 and 10: manifest.
import type { Hash32, Id16, XOnlyKey } from '../bytes/ids.js';
import { CborEncoder } from '../cbor/encoder.js';
import { StrictCborReader } from '../cbor/reader.js';
import { limits } from '../limits.js';
import { type EnclaveKeys, checkEnclaveKeys, readEnclaveKeys, writeEnclaveKeys } from './enclaveKeys.js';
import * as rules from './rules.js';
import type { StatementKind } from './signed.js';

/** A place in the group. Without an enclave its owner signs at home. */
export interface Participant {
  readonly user: Id16;
  readonly admission: XOnlyKey;
  readonly enclave?: number | undefined;
}

export interface Subset {
  readonly id: Id16;
  readonly members: readonly number[];
}

export interface Manifest {
  readonly created: number;
  readonly joinBy?: number | undefined;
  readonly signUntil?: number | undefined;
  readonly creator: XOnlyKey;
  readonly creatorRequests: boolean;
  readonly unattended: boolean;
  readonly enclaves: readonly EnclaveKeys[];
  readonly participants: readonly Participant[];
  readonly subsets: readonly Subset[];
  readonly approvals: { readonly members: readonly number[]; readonly threshold: number };
  /** Commits to the session secret and the private terms. */
  readonly terms: Hash32;
}

export const manifestKind: StatementKind<Manifest> = {
  type: 'manifest',
  parse(bytes) {
    const reader = new StrictCborReader(bytes, 'manifest', limits.statementBytes);
    const map = reader.versionedMap();
    reader.key(map, 'terms');
    const terms = reader.hash();
    reader.key(map, 'created');
    const created = reader.time();
    reader.key(map, 'creator');
    const creator = reader.xOnlyKey();
    const joinBy = reader.optional(map, 'join_by', () => reader.time());
    reader.key(map, 'subsets');
    const subsets = reader.list(0, limits.subsets, () => readSubset(reader));
    reader.key(map, 'enclaves');
    const enclaves = reader.list(1, limits.enclaves, () => readEnclaveKeys(reader));
    reader.key(map, 'approvals');
    const approvals = readApprovals(reader);
    const signUntil = reader.optional(map, 'sign_until', () => reader.time());
    const unattended = reader.optionalTrue(map, 'unattended');
    reader.key(map, 'participants');
    const participants = reader.list(1, limits.participants, () => readParticipant(reader));
    const creatorRequests = reader.optionalTrue(map, 'creator_requests');
    reader.endMap(map);
    reader.end();
    const manifest = { created, joinBy, signUntil, creator, creatorRequests, unattended, enclaves, participants, subsets, approvals, terms };
    check(manifest);
    return manifest;
  },
  encode(manifest) {
    check(manifest);
    const optional = [manifest.joinBy !== undefined, manifest.signUntil !== undefined, manifest.unattended, manifest.creatorRequests].filter((present) => present).length;
    const encoder = new CborEncoder(1024).map(8 + optional).key('v').number(1);
    encoder.key('terms').hex(manifest.terms).key('created').number(manifest.created).key('creator').hex(manifest.creator).optionalNumber('join_by', manifest.joinBy);
    encoder.key('subsets').array(manifest.subsets.length);
    manifest.subsets.forEach((subset) => encoder.map(2).key('id').hex(subset.id).key('members').indexes(subset.members));
    encoder.key('enclaves').array(manifest.enclaves.length);
    manifest.enclaves.forEach((enclave) => writeEnclaveKeys(encoder, enclave));
    encoder.key('approvals').map(2).key('members').indexes(manifest.approvals.members).key('threshold').number(manifest.approvals.threshold);
    encoder.optionalNumber('sign_until', manifest.signUntil).optionalTrue('unattended', manifest.unattended);
    encoder.key('participants').array(manifest.participants.length);
    manifest.participants.forEach((participant) => writeParticipant(encoder, participant));
    return rules.finish(encoder.optionalTrue('creator_requests', manifest.creatorRequests));
  },
};

function readParticipant(reader: StrictCborReader): Participant {
  const map = reader.map();
  reader.key(map, 'user');
  const user = reader.id();
  const enclave = reader.optional(map, 'enclave', () => reader.int());
  reader.key(map, 'admission');
  const admission = reader.xOnlyKey();
  reader.endMap(map);
  return { user, admission, enclave };
}

const writeParticipant = (encoder: CborEncoder, participant: Participant): CborEncoder =>
  encoder.map(participant.enclave === undefined ? 2 : 3).key('user').hex(participant.user).optionalNumber('enclave', participant.enclave)
    .key('admission').hex(participant.admission);

function readSubset(reader: StrictCborReader): Subset {
  const map = reader.map();
  reader.key(map, 'id');
  const id = reader.id();
  reader.key(map, 'members');
  const members = reader.indexes(2, limits.participants);
  reader.endMap(map);
  return { id, members };
}

function readApprovals(reader: StrictCborReader): Manifest['approvals'] {
  const map = reader.map();
  reader.key(map, 'members');
  const members = reader.indexes(0, limits.participants);
  reader.key(map, 'threshold');
  const threshold = reader.int();
  reader.endMap(map);
  return { members, threshold };
}

function check(manifest: Manifest): void {
  const { enclaves, participants, subsets, approvals } = manifest;
  rules.time(manifest.created, 'created');
  rules.time(manifest.joinBy ?? 0, 'join_by');
  rules.time(manifest.signUntil ?? 0, 'sign_until');
  rules.require(enclaves.length > 0, 'A manifest needs an enclave.');
  rules.limit(enclaves.length, limits.enclaves, 'enclaves');
  rules.require(participants.length > 0, 'A manifest needs a participant.');
  rules.limit(participants.length, limits.participants, 'participants');
  rules.limit(subsets.length, limits.subsets, 'subsets');
  enclaves.forEach(checkEnclaveKeys);
  rules.distinct(enclaves.map((enclave) => enclave.key), 'Two enclaves have one key.');
  rules.distinct(enclaves.map((enclave) => enclave.sign), 'Two enclaves have one statement key.');
  rules.distinct(participants.map((participant) => participant.user), 'A user has two places.');
  rules.distinct([...participants.map((participant) => participant.admission), manifest.creator], "An admission key is used twice, or is the creator's.");
  const inRange = (enclave: number | undefined): boolean => enclave === undefined || (Number.isInteger(enclave) && enclave >= 0 && enclave < enclaves.length);
  rules.require(participants.every((participant) => inRange(participant.enclave)), 'A participant names an enclave out of range.');
  rules.distinct(subsets.map((subset) => subset.id), 'Two subsets have one id.');
  for (const subset of subsets) {
    rules.require(subset.members.length >= 2, 'A subset has fewer than two members.');
    rules.ascending(subset.members, participants.length, 'members of a subset');
  }
  rules.ascending(approvals.members, participants.length, "approvals' members");
  rules.number(approvals.threshold, 'threshold');
  rules.require(approvals.threshold <= approvals.members.length, 'The threshold is above the number of approvers.');
  rules.require((approvals.threshold === 0) === manifest.unattended, 'The threshold is 0 exactly when the manifest says unattended.');
}
