// RFC 5280 section 4.1: a certificate with a P-384 key, signed with ECDSA and SHA-384. Anything else a Nitro chain does not have.
import { byteAt, equalBytes } from '../bytes/bytes.js';
import { fromHex, toHex } from '../bytes/hex.js';
import { AttestationError } from './attestationError.js';
import { type DerElement, DerError, DerReader, booleanOf, derTag, inside, only, smallIntegerOf, timeOf } from './der.js';
import { type P384Key, parseSpki } from './p384.js';

/** OIDs by their contents in hex. */
const oid = { subjectKeyIdentifier: '551d0e', keyUsage: '551d0f', basicConstraints: '551d13', nameConstraints: '551d1e', authorityKeyIdentifier: '551d23' } as const;

const understood = new Set<string>([oid.subjectKeyIdentifier, oid.keyUsage, oid.basicConstraints, oid.authorityKeyIdentifier]);
const ecdsaWithSha384 = fromHex('300a06082a8648ce3d040303');

export interface Certificate {
  readonly encoded: Uint8Array;
  /** What is signed. */
  readonly tbs: Uint8Array;
  readonly signature: Uint8Array;
  readonly issuer: Uint8Array;
  readonly subject: Uint8Array;
  /** Unix milliseconds, both ends valid. */
  readonly notBefore: number;
  readonly notAfter: number;
  /** Undefined when it is not a P-384 key. */
  readonly key: P384Key | undefined;
  readonly isEcdsaWithSha384: boolean;
  readonly basicConstraints: { readonly critical: boolean; readonly isAuthority: boolean; readonly pathLength: number | undefined } | undefined;
  readonly keyUsage: { readonly critical: boolean; readonly digitalSignature: boolean; readonly keyCertSign: boolean } | undefined;
  readonly subjectKeyId: string | undefined;
  readonly authorityKeyId: string | undefined;
  /** A critical extension that is not understood here, or name constraints. */
  readonly hasUnsupportedExtension: boolean;
}

/** Exactly one certificate. */
export function parseCertificate(der: Uint8Array): Certificate {
  try {
    return read(der);
  } catch (error) {
    throw error instanceof DerError ? new AttestationError('Certificate', `A certificate cannot be read: ${error.message}`, { cause: error }) : error;
  }
}

function read(der: Uint8Array): Certificate {
  const outer = inside(only(der, derTag.sequence));
  const tbs = outer.read(derTag.sequence);
  const algorithm = outer.read(derTag.sequence);
  const signature = bits(outer.read(derTag.bitString));
  outer.end();
  const fields = inside(tbs);
  const version = inside(fields.read(derTag.version));
  if (smallIntegerOf(version.read(derTag.integer)) !== 2) {
    throw new DerError('It is not of version 3.');
  }
  version.end();
  fields.read(derTag.integer);
  const innerAlgorithm = fields.read(derTag.sequence);
  const issuer = fields.read(derTag.sequence).encoded;
  const validity = inside(fields.read(derTag.sequence));
  const [notBefore, notAfter] = [timeOf(validity.readAny()), timeOf(validity.readAny())];
  validity.end();
  const subject = fields.read(derTag.sequence).encoded;
  const key = parseSpki(fields.read(derTag.sequence).encoded);
  fields.optional(derTag.issuerUniqueId);
  fields.optional(derTag.subjectUniqueId);
  const extensions = readExtensions(inside(fields.read(derTag.extensions)));
  fields.end();
  return {
    encoded: der, tbs: tbs.encoded, signature, issuer, subject, notBefore, notAfter, key,
    isEcdsaWithSha384: equalBytes(algorithm.encoded, ecdsaWithSha384) && equalBytes(innerAlgorithm.encoded, ecdsaWithSha384),
    basicConstraints: readBasicConstraints(extensions.get(oid.basicConstraints)),
    keyUsage: readKeyUsage(extensions.get(oid.keyUsage)),
    subjectKeyId: readSubjectKeyId(extensions.get(oid.subjectKeyIdentifier)),
    authorityKeyId: readAuthorityKeyId(extensions.get(oid.authorityKeyIdentifier)),
    hasUnsupportedExtension: extensions.has(oid.nameConstraints) || [...extensions].some(([name, extension]) => extension.critical && !understood.has(name)),
  };
}

interface Extension {
  readonly critical: boolean;
  readonly value: Uint8Array;
}

// Each at most once.
function readExtensions(wrapper: DerReader): Map<string, Extension> {
  const list = inside(wrapper.read(derTag.sequence));
  wrapper.end();
  const extensions = new Map<string, Extension>();
  while (!list.isAtEnd) {
    const entry = inside(list.read(derTag.sequence));
    const name = toHex(entry.read(derTag.oid).contents);
    const critical = entry.optional(derTag.boolean);
    const value = entry.read(derTag.octetString).contents;
    entry.end();
    if (extensions.has(name)) {
      throw new DerError('It has an extension twice.');
    }
    extensions.set(name, { critical: critical !== undefined && booleanOf(critical), value });
  }
  return extensions;
}

function readBasicConstraints(extension: Extension | undefined): Certificate['basicConstraints'] {
  if (extension === undefined) {
    return undefined;
  }
  const fields = inside(only(extension.value, derTag.sequence));
  const authority = fields.optional(derTag.boolean);
  const pathLength = fields.optional(derTag.integer);
  fields.end();
  return { critical: extension.critical, isAuthority: authority !== undefined && booleanOf(authority), pathLength: pathLength && smallIntegerOf(pathLength) };
}

function readKeyUsage(extension: Extension | undefined): Certificate['keyUsage'] {
  if (extension === undefined) {
    return undefined;
  }
  const { contents } = only(extension.value, derTag.bitString);
  if (contents.length < 2 || contents.length > 3 || byteAt(contents, 0) > 7) {
    throw new DerError('Its key usage is no bit string of that kind.');
  }
  const usage = byteAt(contents, 1);
  return { critical: extension.critical, digitalSignature: (usage & 0x80) !== 0, keyCertSign: (usage & 0x04) !== 0 };
}

const readSubjectKeyId = (extension: Extension | undefined): string | undefined => extension && toHex(only(extension.value, derTag.octetString).contents);

function readAuthorityKeyId(extension: Extension | undefined): string | undefined {
  const id = extension && inside(only(extension.value, derTag.sequence)).optional(derTag.keyIdentifier);
  return id && toHex(id.contents);
}

function bits(element: DerElement): Uint8Array {
  if (element.contents[0] !== 0) {
    throw new DerError('A signature is not of whole bytes.');
  }
  return element.contents.subarray(1);
}
