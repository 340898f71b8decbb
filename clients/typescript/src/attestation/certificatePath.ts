// The one chain a document may present: leaf, its bundle backwards, the pinned root (attestation_process.md section 3.2.3; RFC 5280 section 6). No revocation lists,
// nothing is downloaded.
import { at, equalBytes } from '../bytes/bytes.js';
import { AttestationError, type AttestationFailure } from './attestationError.js';
import { type Certificate, parseCertificate } from './certificate.js';
import { type P384Key, verifyDer } from './p384.js';

/**
 * Verifies the chain of a document.
 * @param bundle Begins with the root.
 * @param time Unix milliseconds at which every certificate has to be valid.
 * @returns The key of the leaf.
 */
export function verifyPath(leaf: Uint8Array, bundle: readonly Uint8Array[], root: Certificate, time: number): P384Key {
  if (!equalBytes(at(bundle, 0), root.encoded)) {
    throw new AttestationError('Root', 'The document does not come from the pinned root of trust.');
  }
  const path = [leaf, ...bundle.slice(1).reverse()].map(parseCertificate);
  const keys = path.map((certificate, i) => {
    const key = requireP384(certificate, i === 0 ? 'leaf' : 'issuing');
    i === 0 ? requireLeaf(certificate) : requireAuthority(certificate, i - 1, false);
    return key;
  });
  requireAuthority(root, path.length - 1, true);
  requireChain([...path, root], [...keys, requireP384(root, 'root')]);
  requireTime([...path, root], time);
  return at(keys, 0);
}

export function requireP384(certificate: Certificate, place: string): P384Key {
  require(certificate.key !== undefined, 'CertificateAlgorithm', `The ${place} certificate's key is not a P-384 key.`);
  require(certificate.isEcdsaWithSha384, 'CertificateAlgorithm', `The ${place} certificate is not signed with ECDSA and SHA-384.`);
  return certificate.key;
}

/** What an issuing certificate has to say of itself, with so many authorities between it and the leaf. */
export function requireAuthority(certificate: Certificate, authoritiesBelow: number, isRoot: boolean): void {
  const { basicConstraints, keyUsage } = certificate;
  require(basicConstraints !== undefined && keyUsage !== undefined, 'CertificateConstraints', 'A certificate does not have basic constraints and key usage.');
  require(basicConstraints.critical && basicConstraints.isAuthority, 'CertificateConstraints', 'An issuing certificate is not marked as an authority.');
  const fits = basicConstraints.pathLength === undefined ? isRoot : basicConstraints.pathLength >= authoritiesBelow;
  require(fits, 'CertificateConstraints', "An issuing certificate's path length is missing or too short for its place.");
  require(keyUsage.critical && keyUsage.keyCertSign, 'CertificateConstraints', "An issuing certificate's key may not sign certificates.");
}

function requireLeaf(certificate: Certificate): void {
  const { basicConstraints, keyUsage } = certificate;
  require(basicConstraints !== undefined && keyUsage !== undefined, 'CertificateConstraints', 'A certificate does not have basic constraints and key usage.');
  require(basicConstraints.critical && !basicConstraints.isAuthority, 'CertificateConstraints', 'The leaf certificate is an authority, or does not say that it is none.');
  // Real leaves do not mark it critical.
  require(keyUsage.digitalSignature && !keyUsage.keyCertSign, 'CertificateConstraints', "The leaf certificate's key is not one for signing documents only.");
}

function requireChain(path: readonly Certificate[], keys: readonly P384Key[]): void {
  require(!path.some((certificate) => certificate.hasUnsupportedExtension), 'Chain', 'A certificate has a critical extension that is not understood.');
  for (let i = 0; i + 1 < path.length; i++) {
    const [certificate, issuer] = [at(path, i), at(path, i + 1)];
    const names = equalBytes(certificate.issuer, issuer.subject)
      && (certificate.authorityKeyId === undefined || issuer.subjectKeyId === undefined || certificate.authorityKeyId === issuer.subjectKeyId);
    require(names && verifyDer(at(keys, i + 1), certificate.tbs, certificate.signature), 'Chain', "The certificates do not lead from the document's signer to the pinned root.");
  }
}

function requireTime(path: readonly Certificate[], time: number): void {
  const isValid = path.every((certificate) => time >= certificate.notBefore && time <= certificate.notAfter);
  require(isValid, 'CertificateTime', `A certificate of the document is not valid at ${new Date(time).toISOString()}.`);
}

function require(holds: boolean, failure: AttestationFailure, otherwise: string): asserts holds {
  if (!holds) {
    throw new AttestationError(failure, otherwise);
  }
}
