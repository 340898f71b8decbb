import { parseBase64 } from '../bytes/base64.js';
import { toHex } from '../bytes/hex.js';
import { sha256 } from '../crypto/hashes.js';
import { type Certificate, parseCertificate } from './certificate.js';
import { requireAuthority, requireP384 } from './certificatePath.js';

// AWS Nitro Enclaves root G1, valid 2019 to 2049 (partition aws; GovCloud and China have other roots, which are not trusted).
const awsNitroG1Der =
  'MIICETCCAZagAwIBAgIRAPkxdWgbkK/hHUbMtOTn+FYwCgYIKoZIzj0EAwMwSTELMAkGA1UEBhMCVVMxDzANBgNVBAoMBkFtYXpvbjEMMAoGA1UECwwDQVdTMRswGQYDVQQDDBJhd3Mu' +
  'bml0cm8tZW5jbGF2ZXMwHhcNMTkxMDI4MTMyODA1WhcNNDkxMDI4MTQyODA1WjBJMQswCQYDVQQGEwJVUzEPMA0GA1UECgwGQW1hem9uMQwwCgYDVQQLDANBV1MxGzAZBgNVBAMMEmF3' +
  'cy5uaXRyby1lbmNsYXZlczB2MBAGByqGSM49AgEGBSuBBAAiA2IABPwCVOumCMHzaHDimtqQvkY4MpJzbolL//Zy2YlES1BR5TSksfbb48C8WBoyt7F2Bw7eEtaaP+ohG2bnUs990d0J' +
  'X28TcPQXCEPZ3BABIeTPYwEoCWZEh8l5YoQwTcU/9KNCMEAwDwYDVR0TAQH/BAUwAwEB/zAdBgNVHQ4EFgQUkCW1DdkFR+eWw5b6cp3PmanfS5YwDgYDVR0PAQH/BAQDAgGGMAoGCCqG' +
  'SM49BAMDA2kAMGYCMQCjfy+Rocm9Xue4YnwWmNJVA44fA0P5W2OpYow9OYCVRaEevL8uO1XYru5xtMPWrfMCMQCi85sWBbJwKKXdS6BptQFuZbT73o/gBh1qUxl/nNr12UO8Yfwr6wPL' +
  'b+6NIwLz3/Y=';

/** SHA-256 of the root's DER as AWS documents it (AWS Nitro Enclaves User Guide, "Verifying the root of trust"). */
const awsNitroG1Fingerprint = '641a0321a3e244efe456463195d606317ed7cdcc3c1756e09893f3c68f79bb5b';

/** The pinned certificate every chain has to end in. */
export class AttestationRoot {
  readonly certificate: Certificate;
  /** SHA-256 of the DER in hex. */
  readonly fingerprint: string;

  private constructor(der: Uint8Array) {
    this.certificate = parseCertificate(der);
    requireP384(this.certificate, 'root');
    requireAuthority(this.certificate, 0, true);
    this.fingerprint = toHex(sha256(der));
  }

  static awsNitroG1(): AttestationRoot {
    const root = new AttestationRoot(parseBase64(awsNitroG1Der) ?? new Uint8Array(0));
    if (root.fingerprint !== awsNitroG1Fingerprint) {
      throw new Error('The embedded AWS Nitro root is not the documented one.');
    }
    return root;
  }

  /** A root of one's own, DER or a PEM text with exactly one certificate, as the development simulator makes one. */
  static development(root: Uint8Array | string): AttestationRoot {
    return new AttestationRoot(typeof root === 'string' ? fromPem(root, 'CERTIFICATE') : Uint8Array.from(root));
  }

  get isAwsNitroG1(): boolean {
    return this.fingerprint === awsNitroG1Fingerprint;
  }
}

/** RFC 7468: the bytes of a text with exactly one block of this label. */
export function fromPem(text: string, label: string): Uint8Array {
  const blocks = [...text.matchAll(/-----BEGIN ([A-Z ]+)-----([^-]*)-----END ([A-Z ]+)-----/g)];
  const [block] = blocks;
  const der = block?.[1] === label && block[3] === label ? parseBase64((block[2] ?? '').replace(/\s/g, '')) : undefined;
  if (blocks.length !== 1 || der === undefined) {
    throw new TypeError(`There is not exactly one PEM block with the label ${label}.`);
  }
  return der;
}
