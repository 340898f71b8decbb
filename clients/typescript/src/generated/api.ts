// Generated from docs/api/openapi.json by scripts/generate.mjs; do not edit.
import type { Hash32, Id16, PublicKey, Signature } from '../bytes/ids.js';
import { type Check, integer, list, object, oneOf, orNull, pattern, text } from '../http/check.js';

const checkHash32: Check<Hash32> = pattern<Hash32>(/^[0-9a-f]{64}$/);

const checkId16: Check<Id16> = pattern<Id16>(/^[0-9a-f]{32}$/);

const checkPublicKey: Check<PublicKey> = pattern<PublicKey>(/^0[23][0-9a-f]{64}$/);

const checkSignature: Check<Signature> = pattern<Signature>(/^[0-9a-f]{128}$/);

/** An enclave's answer, encrypted for whoever sealed the response secret. */
export interface Answer {
  /** The wire. */
  readonly answer: string;
}

export const checkAnswer: Check<Answer> = object<Answer>({
  answer: text,
}, {
}, false);

/** What the gateway says of one enclave; for display, clients verify its identity. */
export interface Enclave {
  /** Its number. */
  readonly id: number;
  /** ready, locked or unreachable. */
  readonly state: 'ready' | 'locked' | 'unreachable';
  /** Stable code when it is not ready. */
  readonly reason?: string;
  /** One sentence for an operator. */
  readonly detail?: string;
  /** Newest key epoch. */
  readonly epoch?: number;
  /** Its identity key. */
  readonly key?: PublicKey;
  /** The KMS key in its configuration. */
  readonly kms_key_id?: string;
  /** production or development. */
  readonly mode?: 'production' | 'development';
  /** Name and version. */
  readonly software?: string;
  /** SHA-256 of its configuration file. */
  readonly config?: Hash32;
  /** Calls to KMS since its start. */
  readonly kms_calls?: number;
}

export const checkEnclave: Check<Enclave> = object<Enclave>({
  id: integer(0, 2147483647),
  state: oneOf('ready', 'locked', 'unreachable'),
}, {
  reason: text,
  detail: text,
  epoch: integer(0, 2147483647),
  key: checkPublicKey,
  kms_key_id: text,
  mode: oneOf('production', 'development'),
  software: text,
  config: checkHash32,
  kms_calls: integer(0, Number.MAX_SAFE_INTEGER),
}, false);

/** Answer of GET /enclaves. */
export interface EnclaveList {
  /** Ascending by id. */
  readonly enclaves: readonly Enclave[];
}

export const checkEnclaveList: Check<EnclaveList> = object<EnclaveList>({
  enclaves: list((value: unknown) => checkEnclave(value), 0, Number.MAX_SAFE_INTEGER),
}, {
}, false);

/** Answer of GET /enclaves/{id}/identity. */
export interface Identity {
  /** The identity document's bytes. */
  readonly identity: string;
  /** The attestation document over it and the caller's nonce. */
  readonly attestation: string;
}

export const checkIdentity: Check<Identity> = object<Identity>({
  identity: text,
  attestation: text,
}, {
}, false);

/** Answer of POST /keys. */
export interface KeyCreated {
  /** SHA-256 of the key statement. */
  readonly id: Hash32;
  /** The enclave's answer; absent where the statement was posted before and no `Authorization` of its auth comes with it. */
  readonly answer?: string;
}

export const checkKeyCreated: Check<KeyCreated> = object<KeyCreated>({
  id: checkHash32,
}, {
  answer: text,
}, false);

/** Answer of GET /keys. */
export interface KeyList {
  /** Those of the calling auth that are not erased, oldest first. */
  readonly keys: readonly KeyShown[];
}

export const checkKeyList: Check<KeyList> = object<KeyList>({
  keys: list((value: unknown) => checkKeyShown(value), 0, Number.MAX_SAFE_INTEGER),
}, {
}, false);

/** Body of POST /keys. */
export interface KeyRequest {
  /** The key statement, signed by its auth. */
  readonly key: Signed;
  /** Imported: the secret and a response secret; made: a response secret; sealed to the enclave. At most 256 bytes. */
  readonly sealed: string;
}

export const checkKeyRequest: Check<KeyRequest> = object<KeyRequest>({
  key: (value: unknown) => checkSigned(value),
  sealed: text,
}, {
}, true);

/** Answer of GET /keys/{id}. */
export interface KeyShown {
  /** SHA-256 of the key statement. */
  readonly id: Hash32;
  /** As posted. */
  readonly key: Signed;
  /** The enclave's answer to POST /keys. */
  readonly answer: string;
}

export const checkKeyShown: Check<KeyShown> = object<KeyShown>({
  id: checkHash32,
  key: (value: unknown) => checkSigned(value),
  answer: text,
}, {
}, false);

/** Answer of GET /keygen/{group}. */
export interface Keygen {
  /** Manifest hash. */
  readonly group: Hash32;
  /** joining, formed, failed, expired or erased. */
  readonly state: 'joining' | 'formed' | 'failed' | 'expired' | 'erased';
  /** As posted. */
  readonly manifest: Signed;
  /** As posted. */
  readonly terms: string;
  /** One entry a place, null where nobody registered yet. */
  readonly registrations: readonly (Signed | null)[];
  /** Stable code where it failed. */
  readonly error?: string;
  /** Of all enclaves once the group is formed. */
  readonly receipts: readonly Receipt[];
}

export const checkKeygen: Check<Keygen> = object<Keygen>({
  group: checkHash32,
  state: oneOf('joining', 'formed', 'failed', 'expired', 'erased'),
  manifest: (value: unknown) => checkSigned(value),
  terms: text,
  registrations: list(orNull((value: unknown) => checkSigned(value)), 0, 100),
  receipts: list((value: unknown) => checkReceipt(value), 0, 16),
}, {
  error: text,
}, false);

/** Answer of POST /keygen. */
export interface KeygenCreated {
  /** Manifest hash. */
  readonly group: Hash32;
  /** See `Keygen`. */
  readonly state: 'joining' | 'formed' | 'failed' | 'expired' | 'erased';
}

export const checkKeygenCreated: Check<KeygenCreated> = object<KeygenCreated>({
  group: checkHash32,
  state: oneOf('joining', 'formed', 'failed', 'expired', 'erased'),
}, {
}, false);

/** Body of POST /keygen. */
export interface KeygenRequest {
  /** Signed by the creator. */
  readonly manifest: Signed;
  /** The encrypted terms. At most 1048640 bytes. */
  readonly terms: string;
  /** The session secret sealed to each enclave, in manifest order. */
  readonly session_secrets: readonly string[];
}

export const checkKeygenRequest: Check<KeygenRequest> = object<KeygenRequest>({
  manifest: (value: unknown) => checkSigned(value),
  terms: text,
  session_secrets: list(text, 1, 16),
}, {
}, true);

/** Body of POST /keygen/{group}/make-key. */
export interface MakeKeyRequest {
  /** The bytes of B. At most 1024 bytes. */
  readonly b: string;
  /** The response secret, sealed to the enclave. At most 256 bytes. */
  readonly sealed: string;
}

export const checkMakeKeyRequest: Check<MakeKeyRequest> = object<MakeKeyRequest>({
  b: text,
  sealed: text,
}, {
}, true);

/** An error answer, `application/problem+json`. */
export interface Problem {
  /** Stable, from `ErrorCodes`. */
  readonly code: string;
  /** The HTTP status. */
  readonly status?: number;
  /** A URI for the kind of problem. */
  readonly type?: string;
  /** What to do, the same for each code. */
  readonly title?: string;
  /** What is wrong this time. */
  readonly detail?: string;
  /** The request id, which finds it in the gateway's log. */
  readonly instance?: string;
}

export const checkProblem: Check<Problem> = object<Problem>({
  code: text,
}, {
  status: integer(400, 599),
  type: text,
  title: text,
  detail: text,
  instance: text,
}, false);

/** An enclave's receipt over roster and output keys. */
export interface Receipt {
  /** Index in the manifest. */
  readonly enclave: number;
  /** By its statement key. */
  readonly signature: Signature;
}

export const checkReceipt: Check<Receipt> = object<Receipt>({
  enclave: integer(0, 2147483647),
  signature: checkSignature,
}, {
}, true);

/** Body of POST /keygen/{group}/participants. */
export interface RegistrationRequest {
  /** Signed by admission and authorisation key. */
  readonly registration: Signed;
  /** The sealed member key; absent for a member that signs at home. At most 256 bytes. */
  readonly envelope?: string;
}

export const checkRegistrationRequest: Check<RegistrationRequest> = object<RegistrationRequest>({
  registration: (value: unknown) => checkSigned(value),
}, {
  envelope: text,
}, true);

/** A round blob as it travels (section 6). */
export interface RoundBlob {
  /** From 1. */
  readonly attempt: number;
  /** [0, enclave index] or [1, participant index]. */
  readonly node: readonly (number)[];
  /** 16 bytes of the node's process. */
  readonly boot: Id16;
  /** Hash of the round-1 set; null in round 1. */
  readonly tau: Hash32 | null;
  /** The encrypted content. At most 33554432 bytes. */
  readonly blob: string;
  /** By the node. */
  readonly signature: Signature;
}

export const checkRoundBlob: Check<RoundBlob> = object<RoundBlob>({
  attempt: integer(1, 2147483647),
  node: list(integer(0, 2147483647), 2, 2),
  boot: checkId16,
  tau: orNull(checkHash32),
  blob: text,
  signature: checkSignature,
}, {
}, true);

/** Answer of GET /signing/{D}/rounds: what is due from the calling member, who signs at home. */
export interface Rounds {
  /** The request digest D. */
  readonly id: Hash32;
  /** See `Signing`. */
  readonly state: 'waiting' | 'running' | 'completed' | 'failed' | 'expired' | 'cancelled' | 'rejected';
  /** The attempt, where the rounds are under way. */
  readonly attempt?: number;
  /** `First` or `Second`; absent where nothing is due from the caller at present. */
  readonly round?: 'round1' | 'round2';
  /** For the second round, one blob of every node in node order. */
  readonly round1?: readonly RoundBlob[];
}

export const checkRounds: Check<Rounds> = object<Rounds>({
  id: checkHash32,
  state: oneOf('waiting', 'running', 'completed', 'failed', 'expired', 'cancelled', 'rejected'),
}, {
  attempt: integer(0, 2147483647),
  round: oneOf('round1', 'round2'),
  round1: list((value: unknown) => checkRoundBlob(value), 0, Number.MAX_SAFE_INTEGER),
}, false);

/** A signed statement in JSON (section 9): the bytes in base64, the signatures in hex. */
export interface Signed {
  /** The statement's bytes, as signed. At most 65536 bytes. */
  readonly statement: string;
  /** In the order section 10 gives; one or two. */
  readonly signatures: readonly Signature[];
}

export const checkSigned: Check<Signed> = object<Signed>({
  statement: text,
  signatures: list(checkSignature, 1, 2),
}, {
}, true);

/** Answer of GET /signing/{D}. */
export interface Signing {
  /** The request digest D. */
  readonly id: Hash32;
  /** waiting, running, completed, failed, expired, cancelled or rejected. */
  readonly state: 'waiting' | 'running' | 'completed' | 'failed' | 'expired' | 'cancelled' | 'rejected';
  /** As posted. */
  readonly request: Signed;
  /** As posted. */
  readonly items: string;
  /** Attempts so far. */
  readonly attempts: number;
  /** Encrypted and signed by the enclave that combined. */
  readonly result?: RoundBlob;
  /** Stable code where it failed. */
  readonly error?: string;
  /** Approvals and rejections received. */
  readonly approvals: readonly Signed[];
}

export const checkSigning: Check<Signing> = object<Signing>({
  id: checkHash32,
  state: oneOf('waiting', 'running', 'completed', 'failed', 'expired', 'cancelled', 'rejected'),
  request: (value: unknown) => checkSigned(value),
  items: text,
  attempts: integer(0, 2147483647),
  approvals: list((value: unknown) => checkSigned(value), 0, Number.MAX_SAFE_INTEGER),
}, {
  result: (value: unknown) => checkRoundBlob(value),
  error: text,
}, false);

/** Body of POST /signing. */
export interface SigningPost {
  /** The signing-request, signed by its requester. */
  readonly request: Signed;
  /** The session-encrypted items. At most 33554432 bytes. */
  readonly items: string;
}

export const checkSigningPost: Check<SigningPost> = object<SigningPost>({
  request: (value: unknown) => checkSigned(value),
  items: text,
}, {
}, true);

/** Answer of POST /signing. Answers may grow members that this version does not know. */
export interface SigningPosted {
  /** The request digest D. */
  readonly id: Hash32;
  /** See `Signing`. */
  readonly state: 'waiting' | 'running' | 'completed' | 'failed' | 'expired' | 'cancelled' | 'rejected';
  /** The result where it is there already. */
  readonly result?: RoundBlob;
}

export const checkSigningPosted: Check<SigningPosted> = object<SigningPosted>({
  id: checkHash32,
  state: oneOf('waiting', 'running', 'completed', 'failed', 'expired', 'cancelled', 'rejected'),
}, {
  result: (value: unknown) => checkRoundBlob(value),
}, false);

/** Body of POST /keys/{id}/sign. */
export interface SingleSignRequest {
  /** The single-sign, signed by the key's auth. */
  readonly request: Signed;
  /** The blob the statement names. At most 1024 bytes. */
  readonly sealed: string;
}

export const checkSingleSignRequest: Check<SingleSignRequest> = object<SingleSignRequest>({
  request: (value: unknown) => checkSigned(value),
  sealed: text,
}, {
}, true);

/** Answer of every call that changes the state of something that exists. */
export interface State {
  /** The state after it. */
  readonly state: 'joining' | 'formed' | 'failed' | 'expired' | 'erased' | 'waiting' | 'running' | 'completed' | 'cancelled' | 'rejected';
}

export const checkState: Check<State> = object<State>({
  state: oneOf('joining', 'formed', 'failed', 'expired', 'erased', 'waiting', 'running', 'completed', 'cancelled', 'rejected'),
}, {
}, false);

/** One event of GET …/events, and the data of each server-sent event: the state that was reached. */
export interface StateEvent {
  /** As in the answer of the GET beside it. */
  readonly state: 'joining' | 'formed' | 'failed' | 'expired' | 'erased' | 'waiting' | 'running' | 'completed' | 'cancelled' | 'rejected';
  /** Stable code where it failed. */
  readonly error?: string;
}

export const checkStateEvent: Check<StateEvent> = object<StateEvent>({
  state: oneOf('joining', 'formed', 'failed', 'expired', 'erased', 'waiting', 'running', 'completed', 'cancelled', 'rejected'),
}, {
  error: text,
}, false);
