// attestation_process.md section 3.2: cheapest check first: size, CBOR and field rules, certificate chain, signature, contents. Nothing can be left out.
import { equalBytes } from '../bytes/bytes.js';
import { AttestationError } from './attestationError.js';
import { verifyPath } from './certificatePath.js';
import { isSignedBy } from './coseSign1.js';
import { type AttestationDocument, parseDocument } from './document.js';
import type { AttestationRoot } from './root.js';

/** How far a document's time may be from the verifier's clock, either way. */
const maxClockDifference = 5 * 60 * 1000;

/** What a document attests, after every check. */
export interface VerifiedAttestation {
  readonly moduleId: string;
  /** Unix milliseconds, by the hypervisor. */
  readonly timestamp: number;
  readonly pcrs: ReadonlyMap<number, string>;
}

/** What an identity's document has to have: the caller's nonce, the digest of the identity, and no public key, which is the mark of those made for KMS. */
export interface IdentityExpectations {
  readonly nonce: Uint8Array;
  readonly userData: Uint8Array;
}

/** Verifies a document that was just made for this caller. `now` in Unix milliseconds. */
export function verifyAttestation(bytes: Uint8Array, root: AttestationRoot, expected: IdentityExpectations, now: number): VerifiedAttestation {
  const document = verifyOrigin(bytes, root, now);
  requireField(document.nonce, expected.nonce, 'Nonce', 'The document was not made for this request: its nonce is another.');
  requireField(document.userData, expected.userData, 'UserData', 'The document attests something else: its user data are others.');
  if (document.publicKey !== undefined) {
    throw new AttestationError('PublicKey', 'The document has a public key where none belongs.');
  }
  if (now - document.timestamp > maxClockDifference) {
    throw new AttestationError('Stale', `The document is of ${new Date(document.timestamp).toISOString()}, more than five minutes before ${new Date(now).toISOString()}.`);
  }
  if (document.timestamp - now > maxClockDifference) {
    throw new AttestationError('FromTheFuture', `The document is of ${new Date(document.timestamp).toISOString()}, more than five minutes ahead; check the clock.`);
  }
  return { moduleId: document.moduleId, timestamp: document.timestamp, pcrs: document.pcrs };
}

/** Chain, signature, product and mode: that a real enclave's hypervisor made it, and not what it is about. */
export function verifyOrigin(bytes: Uint8Array, root: AttestationRoot, time: number): AttestationDocument {
  const document = parseDocument(bytes);
  const key = verifyPath(document.certificate, document.caBundle, root.certificate, time);
  if (!isSignedBy(document.envelope, key)) {
    throw new AttestationError('Signature', "The attestation document's signature is not its signer's.");
  }
  if (!/^i-[0-9a-f]{8,32}-enc[0-9a-f]{16,32}$/.test(document.moduleId)) {
    throw new AttestationError('Product', "The document's module is not a Nitro enclave.");
  }
  if ([0, 1, 2].some((index) => /^0*$/.test(document.pcrs.get(index) ?? ''))) {
    throw new AttestationError('DebugMode', 'PCR0, PCR1 or PCR2 is zero: the enclave runs in debug mode, its memory can be read.');
  }
  return document;
}

function requireField(value: Uint8Array | undefined, expected: Uint8Array, failure: 'Nonce' | 'UserData', otherwise: string): void {
  if (value === undefined || !equalBytes(value, expected)) {
    throw new AttestationError(failure, otherwise);
  }
}
