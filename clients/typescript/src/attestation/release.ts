import { fromUtf8 } from '../bytes/bytes.js';
import { KeyMeldError } from '../errors/keyMeldError.js';
import { parseJson } from '../http/strictJson.js';
import { parseSpki, verifyDer } from './p384.js';
import { fromPem } from './root.js';

/** A build that may be trusted, with the KMS key that seals its identity: all of it has to fit. */
export interface Release {
  /** 96 lower-case hex digits each. */
  readonly pcr0: string;
  readonly pcr1: string;
  readonly pcr2: string;
  /** A full key ARN, never an alias. */
  readonly kmsKeyArn: string;
  /** SHA-256 of the enclave's configuration, where the release states it. */
  readonly configurationDigest?: string | undefined;
}

/** A signed release manifest as `keymeld release` writes it: the exact bytes of the JSON, and the DER signature beside it. */
export interface SignedRelease {
  readonly manifest: Uint8Array;
  readonly signature: Uint8Array;
}

const maxManifest = 16 * 1024;
const maxSignature = 104;

/** Refuses what names no release anybody could trust. */
export function checkRelease(release: Release): Release {
  for (const register of [release.pcr0, release.pcr1, release.pcr2]) {
    if (!/^[0-9a-f]{96}$/.test(register)) {
      throw new TypeError('A register is 96 lower-case hex digits.');
    }
    if (/^0+$/.test(register)) {
      throw new TypeError("An all-zero register is a debug-mode enclave's, which nobody may trust.");
    }
  }
  if (!/^arn:[^:]+:kms:[^:]+:[^:]+:key\/[^:]+$/.test(release.kmsKeyArn)) {
    throw new TypeError('A release names a KMS key by its ARN (arn:…:kms:…:key/…), not by an alias.');
  }
  if (release.configurationDigest !== undefined && !/^[0-9a-f]{64}$/.test(release.configurationDigest)) {
    throw new TypeError('A configuration digest is 64 lower-case hex digits.');
  }
  return release;
}

/** The release of a manifest, if the releaser signed it. `releaserPem`: BEGIN PUBLIC KEY, a P-384 key from somebody you trust. */
export function verifyRelease(signed: SignedRelease, releaserPem: string): Release {
  const key = parseSpki(fromPem(releaserPem, 'PUBLIC KEY'));
  if (key === undefined) {
    throw new KeyMeldError('release_invalid', "A releaser's key is a P-384 key (secp384r1).");
  }
  const isSigned = signed.manifest.length <= maxManifest && signed.signature.length <= maxSignature && verifyDer(key, signed.manifest, signed.signature);
  if (!isSigned) {
    throw new KeyMeldError('release_invalid', 'The release manifest is not signed by the releaser.');
  }
  try {
    return readManifest(parseJson(fromUtf8(signed.manifest) ?? ''));
  } catch (error) {
    throw error instanceof KeyMeldError ? error : new KeyMeldError('release_invalid', 'The release manifest is not well-formed.', { cause: error });
  }
}

function readManifest(json: unknown): Release {
  const root = members(json, ['Type', 'Version', 'Created', 'Measurements', 'KmsKeyArn', 'ConfigurationDigest']);
  const measured = members(root['Measurements'], ['HashAlgorithm', 'PCR0', 'PCR1', 'PCR2']);
  if (root['Type'] !== 'keymeld-release/1' || measured['HashAlgorithm'] !== 'Sha384 { ... }') {
    throw new TypeError('It is of another type or hash.');
  }
  return checkRelease({
    pcr0: text(measured['PCR0']), pcr1: text(measured['PCR1']), pcr2: text(measured['PCR2']),
    kmsKeyArn: text(root['KmsKeyArn']), configurationDigest: text(root['ConfigurationDigest']),
  });
}

// Exactly these: a member that this version does not know could mean anything.
function members(value: unknown, names: readonly string[]): Readonly<Record<string, unknown>> {
  if (typeof value !== 'object' || value === null || Object.keys(value).sort().join() !== [...names].sort().join()) {
    throw new TypeError('It has other members.');
  }
  return value as Readonly<Record<string, unknown>>;
}

function text(value: unknown): string {
  if (typeof value !== 'string') {
    throw new TypeError('A member is no text.');
  }
  return value;
}
