// protocol.md section 3: which enclaves to trust is the caller's to say, never the gateway's.
import { AttestationError } from './attestationError.js';
import { type Release, type SignedRelease, checkRelease, verifyRelease } from './release.js';
import { AttestationRoot } from './root.js';
import type { VerifiedAttestation } from './verifier.js';

/** Which enclaves to trust. */
export class AttestationPolicy {
  readonly kind: 'production' | 'development';
  readonly root: AttestationRoot;
  /** Undefined only in development: any measurement under the root. */
  readonly releases: readonly Release[] | undefined;

  private constructor(kind: 'production' | 'development', root: AttestationRoot, releases: readonly Release[] | undefined) {
    if (releases?.length === 0) {
      throw new TypeError('A policy names at least one release.');
    }
    this.kind = kind;
    this.root = root;
    this.releases = releases?.map(checkRelease);
  }

  /** Real Nitro enclaves in production mode that run one of these releases. */
  static production(releases: readonly Release[]): AttestationPolicy {
    return new AttestationPolicy('production', AttestationRoot.awsNitroG1(), releases);
  }

  /** The releases that this releaser signed. */
  static productionSigned(releaserPem: string, manifests: readonly SignedRelease[]): AttestationPolicy {
    return AttestationPolicy.production(manifests.map((manifest) => verifyRelease(manifest, releaserPem)));
  }

  /** INSECURE: whoever has this root's key can pretend anything. Only for gateways on this machine. PEM text or DER. */
  static development(root: Uint8Array | string, releases?: readonly Release[]): AttestationPolicy {
    const anchor = AttestationRoot.development(root);
    // Trusting any measurement under the real root would be a production policy without releases.
    if (anchor.isAwsNitroG1) {
      throw new TypeError('The AWS root belongs to the production policy.');
    }
    return new AttestationPolicy('development', anchor, releases);
  }

  /** {PCR0, PCR1, PCR2, KMS key ARN, configuration where stated} are those of one release. */
  requireRelease(attested: VerifiedAttestation, kmsKeyArn: string, configurationDigest: string): void {
    const fits = (release: Release): boolean => release.pcr0 === attested.pcrs.get(0) && release.pcr1 === attested.pcrs.get(1) && release.pcr2 === attested.pcrs.get(2)
      && release.kmsKeyArn === kmsKeyArn && (release.configurationDigest === undefined || release.configurationDigest === configurationDigest);
    if (this.releases !== undefined && !this.releases.some(fits)) {
      const measured = [0, 1, 2].map((index) => `PCR${index}=${attested.pcrs.get(index)}`).join(' ');
      throw new AttestationError('Release', `The enclave is none of the trusted releases: ${measured}, KMS key ${kmsKeyArn}, configuration ${configurationDigest}.`);
    }
  }
}
