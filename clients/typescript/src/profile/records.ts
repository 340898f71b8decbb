import type { Hash32, PublicKey, XOnlyKey } from '../bytes/ids.js';
import { type Check, boolean, integer, list, object, oneOf, orNull, pattern, text } from '../http/check.js';
import { type Receipt, type Signed, checkReceipt, checkSigned } from '../generated/api.js';

export const signingStates = ['waiting', 'running', 'completed', 'failed', 'expired', 'cancelled', 'rejected'] as const;

export type SigningState = (typeof signingStates)[number];

const hash = pattern<Hash32>(/^[0-9a-f]{64}$/);
const version = integer(1, 1);

/** Which key an enclave was last seen with. */
export interface EnclavePin {
  readonly kmsKeyArn: string;
  readonly enclave: number;
  readonly epoch: number;
  readonly key: PublicKey;
}

/** What was verified of a group when it was formed; another is refused for ever. */
export interface FormedRecord {
  readonly roster: Hash32;
  readonly outputKeys: readonly XOnlyKey[];
  readonly registrations: readonly Signed[];
  readonly receipts: readonly Receipt[];
}

/** A group as a profile keeps it; blobs in base64, secrets elsewhere. */
export interface GroupRecord {
  readonly version: number;
  readonly gateway: string;
  readonly group: Hash32;
  readonly label?: string;
  readonly isCreator: boolean;
  readonly manifest: Signed;
  readonly terms: string;
  readonly sessionSecrets?: readonly string[];
  readonly names?: readonly (string | null)[];
  readonly place?: number;
  readonly registration?: Signed;
  readonly envelope?: string;
  readonly formed?: FormedRecord;
}

/** A signing that this profile requested or decided about. */
export interface SigningRecord {
  readonly version: number;
  readonly gateway: string;
  readonly group: Hash32;
  readonly request: Hash32;
  readonly statement: Signed;
  readonly requested: boolean;
  readonly unposted?: string;
  readonly approval?: Signed;
  readonly rejection?: Signed;
  readonly state: SigningState;
}

/** A key of one owner. */
export interface KeyRecord {
  readonly version: number;
  readonly gateway: string;
  readonly key: Hash32;
  readonly label?: string;
  readonly statement: Signed;
  readonly unconfirmed?: string;
  readonly publicKey?: PublicKey;
  readonly erased: boolean;
}

export const checkProfileHeader = object<{ version: number; iterations: number; salt: string; check: string }>(
  { version, iterations: integer(1, Number.MAX_SAFE_INTEGER), salt: text, check: text }, {}, true);

export const checkPins: Check<readonly EnclavePin[]> = list(object<EnclavePin>(
  { kmsKeyArn: text, enclave: integer(0, 2 ** 31), epoch: integer(0, 2 ** 31), key: pattern<PublicKey>(/^0[23][0-9a-f]{64}$/) }, {}, true), 0, 2 ** 20);

const checkFormed = object<FormedRecord>(
  { roster: hash, outputKeys: list(pattern<XOnlyKey>(/^[0-9a-f]{64}$/), 1, 201), registrations: list(checkSigned, 1, 100), receipts: list(checkReceipt, 1, 16) }, {}, true);

export const checkGroupRecord = object<GroupRecord>(
  { version, gateway: text, group: hash, isCreator: boolean, manifest: checkSigned, terms: text },
  {
    label: text, sessionSecrets: list(text, 1, 16), names: list(orNull(text), 1, 100), place: integer(0, 99), registration: checkSigned, envelope: text, formed: checkFormed,
  }, true);

export const checkSigningRecord = object<SigningRecord>(
  { version, gateway: text, group: hash, request: hash, statement: checkSigned, requested: boolean, state: oneOf(...signingStates) },
  { unposted: text, approval: checkSigned, rejection: checkSigned }, true);

export const checkKeyRecord = object<KeyRecord>(
  { version, gateway: text, key: hash, statement: checkSigned, erased: boolean },
  { label: text, unconfirmed: text, publicKey: pattern<PublicKey>(/^0[23][0-9a-f]{64}$/) }, true);
