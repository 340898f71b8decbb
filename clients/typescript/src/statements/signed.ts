import { type Hash32, type Signature, type XOnlyKey } from '../bytes/ids.js';
import { at } from '../bytes/bytes.js';
import { fromHex } from '../bytes/hex.js';
import { sha256Hex, taggedHex } from '../crypto/hashes.js';
import { verifySchnorr } from '../crypto/publicKeys.js';
import type { SecretKey } from '../crypto/secretKey.js';
import { KeyMeldError } from '../errors/keyMeldError.js';
import type { ErrorCode } from '../generated/errorCodes.js';

/** A type of statement: how it is spelled, and its name in the tag it is signed under. */
export interface StatementKind<T> {
  readonly type: string;
  /** Strict; throws `statement_invalid`. */
  parse(bytes: Uint8Array): T;
  /** Deterministic. */
  encode(value: T): Uint8Array;
}

/** Bytes as they were signed, and the signatures over them. Nobody re-encodes them. */
export interface SignedStatement {
  readonly statement: Uint8Array;
  readonly signatures: readonly Signature[];
}

/** A statement whose signatures verified. */
export interface Signed<T> {
  readonly value: T;
  readonly statement: SignedStatement;
  /** TH("KeyMeld/v1/" + type, bytes). */
  readonly digest: Hash32;
  /** SHA-256 of the bytes. */
  readonly hash: Hash32;
}

/** A statement that was read and not yet verified: look at it to learn whose signatures it needs, and no further. */
export interface Unverified<T> {
  readonly value: T;
  readonly digest: Hash32;
  /** Exactly one signature for each key, in this order. */
  verify(code: ErrorCode, ...keys: readonly XOnlyKey[]): Signed<T>;
}

export const statementDigest = (type: string, bytes: Uint8Array): Hash32 => taggedHex(`KeyMeld/v1/${type}`, bytes);

export function readStatement<T>(kind: StatementKind<T>, statement: SignedStatement): Unverified<T> {
  const value = kind.parse(statement.statement);
  const digest = statementDigest(kind.type, statement.statement);
  return {
    value,
    digest,
    verify: (code, ...keys) => {
      const message = fromHex(digest);
      const isSigned = keys.length > 0 && keys.length === statement.signatures.length && keys.every((key, i) => verifySchnorr(key, message, at(statement.signatures, i)));
      if (!isSigned) {
        throw new KeyMeldError(code, `The ${kind.type} is not signed by the key it must be signed by.`);
      }
      return { value, statement, digest, hash: sha256Hex(statement.statement) };
    },
  };
}

export function signStatement<T>(kind: StatementKind<T>, value: T, ...keys: readonly SecretKey[]): Signed<T> {
  const bytes = kind.encode(value);
  const digest = statementDigest(kind.type, bytes);
  const signatures = keys.map((key) => key.signSchnorr(fromHex(digest)));
  return { value, statement: { statement: bytes, signatures }, digest, hash: sha256Hex(bytes) };
}
