/** Why an attestation document is refused: one word for each check. They are stable. */
export type AttestationFailure =
  | 'Size' | 'Encoding' | 'Algorithm' | 'Field' | 'Product' | 'Root' | 'Certificate' | 'CertificateAlgorithm' | 'CertificateConstraints' | 'CertificateTime' | 'Chain'
  | 'Signature' | 'DebugMode' | 'Nonce' | 'UserData' | 'PublicKey' | 'Stale' | 'FromTheFuture' | 'Release';

/** An attestation document, or what it attests, was refused. Nothing it says may be used. */
export class AttestationError extends Error {
  override readonly name = 'AttestationError';
  readonly failure: AttestationFailure;

  constructor(failure: AttestationFailure, message: string, options?: ErrorOptions) {
    super(message, options);
    this.failure = failure;
  }
}
